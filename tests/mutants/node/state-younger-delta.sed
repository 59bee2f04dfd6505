# file: node/state.c
# Of two deltas the older is taken for the younger.
# killed by: test_node_store
s/^		if (here && !behind)$/		if (here \&\& !before)/
