# file: vault/facts.c
# SWITCH holds in whatever state the switch is.
# killed by: test_vault_switch
s/if (wanted != vault_switch_shown(&w))/if (false)/
