# file: vault/vault.c
# A wrapped key need not be made for the label.
# killed by: test_vault_secret
s/return vault_key_check(key, block, &label);/(void)key; (void)label; return SR_OK;/
