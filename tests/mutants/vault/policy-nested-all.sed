# file: vault/policy.c
# ALL directly below ALL is taken: a second encoding.
# killed by: test_vault_policy
s/absorbs(parent, node->kind))/false)/
