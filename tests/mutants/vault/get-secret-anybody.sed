# file: vault/get.c
# Anybody may read a secret's record.
# killed by: test_vault_get
s/return visible ? SR_OK : SR_ERR_WRONG_KEY;/return SR_OK;/
