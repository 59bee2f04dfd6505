# file: vault/policy.c
# A policy may tell a frozen switch from an armed one.
# killed by: test_vault_policy
/^static void switch_read/,/^}/s/node->state == VAULT_SWITCH_FROZEN)/false)/
