# file: vault/switch.c
# A heartbeat after FIRED takes back what was let out.
# killed by: test_vault_switch
s/{ IN(ARMED) | IN(WARN) | IN(PENDING), CAUSE_BEAT/{ IN(ARMED) | IN(WARN) | IN(PENDING) | IN(FIRED), CAUSE_BEAT/
