# file: vault/switch.c
# A lapse fires at once, without PENDING.
# killed by: test_vault_switch
s/CAUSE_LAPSE, VAULT_SWITCH_PENDING/CAUSE_LAPSE, VAULT_SWITCH_FIRED/
