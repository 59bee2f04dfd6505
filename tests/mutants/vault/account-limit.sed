# file: vault/accounts.c
# One account more than there may be.
# killed by: test_vault_receipts
s/return aux.accounts < VAULT_ACCOUNTS_MAX ?/return aux.accounts <= VAULT_ACCOUNTS_MAX ?/
