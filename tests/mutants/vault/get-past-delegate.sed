# file: vault/get.c
# A delegate of the past still sees the switch in the list.
# killed by: test_vault_get
/^static bool visit_switch/,/^}/s/if (!vault_switch_concerns(&w, l->who))/if (false)/
