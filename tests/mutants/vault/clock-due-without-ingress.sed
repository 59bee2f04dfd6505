# file: vault/clock.c
# Switches move while members can not be reached.
# killed by: test_vault_switch
s/error = tx->block->ingress_ok ?/error = true ?/
