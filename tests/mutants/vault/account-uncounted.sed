# file: vault/accounts.c
# New accounts are not counted.
# killed by: test_vault_receipts
s/^		aux.accounts++;$//
