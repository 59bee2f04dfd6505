# file: vault/switch.c
# A pause ends by uptime, not by its date.
# killed by: test_vault_switch
s/shown == VAULT_SWITCH_PAUSED ? VAULT_CLOCK_WALL : VAULT_CLOCK_UPTIME/VAULT_CLOCK_UPTIME/
