# file: vault/vault.c
# A key wrapped anew for an edited policy is not checked.
# killed by: test_vault_secret
s/^	if (op->kind == VAULT_OP_SECRET_POLICY)$/	if (false)/
