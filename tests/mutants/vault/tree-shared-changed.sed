# file: vault/tree.c
# A change reaches trees that share the branch.
# killed by: test_vault_tree
s/^	if (shared->head.refs == 1)$/	if (shared->head.refs > 0)/
