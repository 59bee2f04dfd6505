# file: vault/secret.c
# An edit made for an older version is taken.
# killed by: test_vault_secret
s/return secret->version == version ? SR_OK : SR_ERR_SECRET_VERSION;/(void)version; return SR_OK;/
