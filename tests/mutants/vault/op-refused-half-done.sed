# file: vault/vault.c
# A refused operation leaves behind what it did first.
# killed by: test_vault_secret
s/^		tx->t = start;$//
s/^		start = half_done;$//
