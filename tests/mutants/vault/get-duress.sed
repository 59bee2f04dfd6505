# file: vault/get.c
# Not only the owner sees the duress key.
# killed by: test_vault_switch
/^static void switch_mask/,/^}/s/if (!vault_account_is(&w->owner, who))/if (false)/
