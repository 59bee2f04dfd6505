# file: vault/accounts.c
# An operation does not use up its nonce.
# killed by: test_vault_receipts
s/record.nonce++;//
