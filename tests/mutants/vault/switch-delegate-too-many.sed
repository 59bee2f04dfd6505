# file: vault/switch.c
# One delegate fewer than the limit.
# killed by: test_vault_switch
s/if (i == VAULT_DELEGATES_MAX)/if (i == VAULT_DELEGATES_MAX - 1)/
