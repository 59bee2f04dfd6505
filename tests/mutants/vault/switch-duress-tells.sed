# file: vault/switch.c
# The event of a freeze names the duress key.
# killed by: test_vault_switch
/^	if (forced)$/,+1d
