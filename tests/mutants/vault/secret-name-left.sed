# file: vault/secret.c
# The name of a deleted secret is never free again.
# killed by: test_vault_secret
/^enum sr_error vault_secret_delete/,/^}/s/SR_TRY(name_free(tx, &secret));//
