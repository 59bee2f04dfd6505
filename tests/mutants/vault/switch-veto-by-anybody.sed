# file: vault/switch.c
# Anybody may veto.
# killed by: test_vault_switch
/^enum sr_error vault_switch_veto/,/^}/s/if (!vault_account_is(&w.owner, signer) .*/if (false)/
