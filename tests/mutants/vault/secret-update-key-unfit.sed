# file: vault/secret.c
# The key of an update or a restore need not fit the label.
# killed by: test_vault_secret
/^static enum sr_error key_fits/,/^}/s/return vault_key_check(key, tx->block, &label);/(void)key; (void)label; return SR_OK;/
