# file: vault/secret.c
# A new payload may come under the key of the version before.
# killed by: test_vault_secret
s/return vault_key_same(&latest.key, key) ? refusal : SR_OK;/(void)key; (void)refusal; return SR_OK;/
