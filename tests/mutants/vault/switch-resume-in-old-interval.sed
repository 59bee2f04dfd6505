# file: vault/switch.c
# After a pause or a veto the old interval goes on.
# killed by: test_vault_switch
s/if (to == VAULT_SWITCH_ARMED || to == VAULT_SWITCH_PAUSED)/if (to == VAULT_SWITCH_CANCELLED)/
