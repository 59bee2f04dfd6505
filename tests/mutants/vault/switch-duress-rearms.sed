# file: vault/switch.c
# The duress key is a heartbeat.
# killed by: test_vault_switch
s/if (forced || (duress \&\& vault_account_is(&w.owner, signer)))/if (duress \&\& vault_account_is(\&w.owner, signer))/
