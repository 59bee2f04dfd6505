# file: vault/get.c
# A reader is told that a switch is frozen.
# killed by: test_vault_switch
s/^	w->state = vault_switch_shown(w);$//
