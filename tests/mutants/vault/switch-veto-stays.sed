# file: vault/switch.c
# A veto leaves the switch in PENDING.
# killed by: test_vault_switch
s/{ IN(PENDING), CAUSE_VETO, VAULT_SWITCH_ARMED }/{ IN(PENDING), CAUSE_VETO, STAY }/
