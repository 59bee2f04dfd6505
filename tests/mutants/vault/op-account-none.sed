# file: vault/op.c
# Nobody may be an owner, a holder or a signer.
# killed by: test_vault_op
s/else if (a->kind == VAULT_ACCOUNT_NONE && !optional)/else if (false \&\& !optional)/
