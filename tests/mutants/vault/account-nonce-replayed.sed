# file: vault/accounts.c
# A nonce may be used again.
# killed by: test_vault_receipts
s/if (op->nonce < record.nonce)/if (false)/
