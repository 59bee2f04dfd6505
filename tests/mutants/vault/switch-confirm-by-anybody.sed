# file: vault/switch.c
# Who is no guardian may confirm.
# killed by: test_vault_switch
s/if (i == w.settings.guardians_n)/if (i > w.settings.guardians_n)/
