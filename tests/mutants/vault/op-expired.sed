# file: vault/vault.c
# An operation is taken at its expiry.
# killed by: test_vault_receipts
s/if (op->expiry_ms <= block->time_ms)/if (op->expiry_ms < block->time_ms)/
