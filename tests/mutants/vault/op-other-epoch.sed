# file: vault/vault.c
# An operation of another epoch is taken.
# killed by: test_vault_receipts
s/if (op->epoch != block->epoch)/if (false)/
