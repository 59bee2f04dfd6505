# file: vault/policy.c
# More than n of n is taken.
# killed by: test_vault_policy
s/(node->number < 1 || node->number > node->children_n)/(node->number < 1)/
