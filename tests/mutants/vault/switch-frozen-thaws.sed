# file: vault/switch.c
# Who vetoes or lets a pause end thaws a frozen switch.
# killed by: test_vault_switch
s/w->state = frozen && to != VAULT_SWITCH_CANCELLED ? VAULT_SWITCH_FROZEN :/w->state =/
