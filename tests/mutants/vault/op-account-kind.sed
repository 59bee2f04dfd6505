# file: vault/op.c
# An account of a kind that is not known is taken.
# killed by: test_vault_op
/^void vault_account_read/,/^}/s/if (a->kind > VAULT_ACCOUNT_ETHEREUM)/if (a->kind > VAULT_ACCOUNT_ETHEREUM + 1)/
