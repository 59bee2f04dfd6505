# file: vault/vault.c
# A wrapped key need not be made for the label.
# killed by: test_vault_secret
s/return block->hooks->key_check(key->tdh2, &label);/(void)key; return SR_OK;/
