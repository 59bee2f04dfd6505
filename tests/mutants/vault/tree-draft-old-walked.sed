# file: vault/tree.c
# A walk over a draft sees the old value beside the new one.
# killed by: test_vault_tree
s/		if (order <= 0)/		if (order < 0)/
