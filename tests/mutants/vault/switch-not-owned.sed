# file: vault/switch.c
# Anybody may pause, cancel and delegate.
# killed by: test_vault_switch
/^static enum sr_error owned/,/^}/s/return vault_account_is.*/return SR_OK;/
