# file: vault/vault.c
# An operation of another chain is taken.
# killed by: test_vault_receipts
s/if (!sr_hash32_equal(&op->chain_id, &block->chain_id))/if (false)/
