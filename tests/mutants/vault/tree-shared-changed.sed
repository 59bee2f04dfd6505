# file: vault/tree.c
# A change reaches trees that share the branch.
# killed by: test_vault_tree
s/^	if (shared->refs == 1)$/	if (shared->refs > 0)/
