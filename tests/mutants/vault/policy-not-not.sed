# file: vault/policy.c
# NOT does not negate.
# killed by: test_vault_policy
s/return !node_eval(/return node_eval(/
