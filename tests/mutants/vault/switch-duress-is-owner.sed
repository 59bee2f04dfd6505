# file: vault/switch.c
# The duress key may be one that beats in earnest.
# killed by: test_vault_switch
s/if (vault_account_is(&s->duress, owner) .*/if (false \&\&/
s/^	    vault_account_is(&s->duress, &s->vetoer))/	    true)/
