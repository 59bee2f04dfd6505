# file: vault/switch.c
# One guardian too few lets a switch fire.
# killed by: test_vault_switch
s/confirmations(w) >= w->settings.guardians_k/confirmations(w) + 1 >= w->settings.guardians_k/
