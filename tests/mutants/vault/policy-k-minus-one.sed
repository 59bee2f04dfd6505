# file: vault/policy.c
# k of n is content with k - 1.
# killed by: test_vault_policy
s/VAULT_POLICY_K_OF ? node->number :/VAULT_POLICY_K_OF ? node->number - 1 :/
