# file: vault/tree.c
# A value may be longer than its limit.
# killed by: test_vault_tree
s/if (n > VAULT_VALUE_MAX)/if (n > VAULT_VALUE_MAX + 1)/
