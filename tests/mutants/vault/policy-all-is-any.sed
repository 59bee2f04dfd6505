# file: vault/policy.c
# ALL is content with one.
# killed by: test_vault_policy
s/VAULT_POLICY_ANY ? 1 : node->children_n;/VAULT_POLICY_ANY ? 1 : 1;/
