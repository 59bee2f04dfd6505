# file: vault/policy.c
# 0 of n is a policy that always holds.
# killed by: test_vault_policy
s/(node->number < 1 || node->number > node->children_n)/(node->number > node->children_n)/
