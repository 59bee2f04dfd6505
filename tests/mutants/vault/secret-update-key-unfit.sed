# file: vault/secret.c
# The key of an update or a restore need not fit the label.
# killed by: test_vault_secret
/^static enum sr_error key_fits/,/^}/s/return tx->block->hooks->key_check.*/(void)key; (void)label; return SR_OK;/
