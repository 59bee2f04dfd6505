# file: node/state.c
# A row of the base is given though a delta has it anew.
# killed by: test_node_store
s/^		if (order < 0)$/		if (order <= 0)/
