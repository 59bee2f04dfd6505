# file: vault/policy.c
# A policy of 64 nodes is refused.
# killed by: test_vault_policy
s/p->nodes_n == VAULT_POLICY_NODES_MAX/p->nodes_n == VAULT_POLICY_NODES_MAX - 1/
