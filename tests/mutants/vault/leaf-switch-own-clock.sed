# file: vault/facts.c
# By its own clock an enclave lets a switch fire early.
# killed by: test_vault_ticket
s/if (!f->own_clock)/if (true)/
