# file: vault/secret.c
# A new payload may come under the key of the version before.
# killed by: test_vault_secret
s/return memcmp(latest.key.tdh2, key->tdh2, sizeof key->tdh2) != 0 ? SR_OK : refusal;/(void)key; (void)refusal; return SR_OK;/
