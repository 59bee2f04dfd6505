# file: vault/switch.c
# A reader can tell a frozen switch.
# killed by: test_vault_switch
/^enum vault_switch_state vault_switch_shown/,/^}/s/if (w->state != VAULT_SWITCH_FROZEN)/if (w->state != 0)/
