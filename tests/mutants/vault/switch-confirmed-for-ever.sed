# file: vault/switch.c
# Confirmations outlive a heartbeat and the next PENDING.
# killed by: test_vault_switch
/w->confirmed = 0;/d
