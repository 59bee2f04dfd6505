# file: vault/get.c
# Anybody may read a switch.
# killed by: test_vault_get
/^static enum sr_error get_switch/,/^}/s/if (!vault_switch_concerns(&w, who))/if (false)/
