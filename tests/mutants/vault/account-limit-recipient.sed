# file: vault/accounts.c
# A recipient may be one account more than there may be.
# killed by: test_vault_receipts
s/if (aux.accounts >= VAULT_ACCOUNTS_MAX)/if (aux.accounts > VAULT_ACCOUNTS_MAX)/
