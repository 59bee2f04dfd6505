# file: vault/get.c
# Events are shown to nobody in particular.
# killed by: test_vault_get
/^static enum sr_error list_events/,/^}/s/if (l->who->kind == VAULT_ACCOUNT_NONE \&\& .*/if (false)/
