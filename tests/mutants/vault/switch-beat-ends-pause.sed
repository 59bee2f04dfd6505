# file: vault/switch.c
# A stray heartbeat ends a pause.
# killed by: test_vault_switch
s/{ IN(PAUSED), CAUSE_BEAT, STAY }/{ IN(PAUSED), CAUSE_BEAT, VAULT_SWITCH_ARMED }/
