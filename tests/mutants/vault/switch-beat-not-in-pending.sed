# file: vault/switch.c
# A heartbeat in PENDING no longer re-arms.
# killed by: test_vault_switch
s/{ IN(ARMED) | IN(WARN) | IN(PENDING), CAUSE_BEAT/{ IN(ARMED) | IN(WARN), CAUSE_BEAT/
