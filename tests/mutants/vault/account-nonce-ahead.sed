# file: vault/accounts.c
# A nonce may be skipped.
# killed by: test_vault_receipts
s/if (op->nonce > record.nonce)/if (false)/
