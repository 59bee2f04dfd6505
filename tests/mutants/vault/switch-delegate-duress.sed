# file: vault/switch.c
# The duress key may be made a delegate.
# killed by: test_vault_switch
s/if (vault_account_is(&w.settings.duress, &b->to))/if (false)/
