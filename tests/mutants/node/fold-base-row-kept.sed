# file: node/fold.c
# A row that a delta removed stays in the base.
# killed by: test_node_store
s/^	if (order < 0)$/	if (order <= 0)/
