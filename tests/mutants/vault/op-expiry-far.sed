# file: vault/vault.c
# An operation may be valid for longer than ten minutes.
# killed by: test_vault_receipts
s/if (op->expiry_ms - block->time_ms > VAULT_OP_LIFETIME_MAX_MS)/if (op->expiry_ms - block->time_ms > VAULT_OP_LIFETIME_MAX_MS + 1)/
