# file: vault/secret.c
# Anybody may edit a secret.
# killed by: test_vault_secret
/^static enum sr_error secret_claim/,/^}/s/if (!vault_account_is(&secret->owner, &tx->op->account))/if (false)/
