# file: vault/policy.c
# ALL and ANY may have one child: a second encoding.
# killed by: test_vault_policy
s/node->children_n < 2/node->children_n < 1/
