# file: vault/policy.c
# ANY asks for all.
# killed by: test_vault_policy
s/node->kind == VAULT_POLICY_ANY ? 1 :/node->kind == VAULT_POLICY_ANY ? node->children_n :/
