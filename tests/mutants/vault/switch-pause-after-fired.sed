# file: vault/switch.c
# A switch that has fired can be paused.
# killed by: test_vault_switch
s/{ BEFORE_FIRED, CAUSE_PAUSE/{ BEFORE_FIRED | IN(FIRED), CAUSE_PAUSE/
