# file: vault/switch.c
# A switch that has fired can be cancelled.
# killed by: test_vault_switch
s/{ BEFORE_FIRED, CAUSE_CANCEL/{ BEFORE_FIRED | IN(FIRED), CAUSE_CANCEL/
