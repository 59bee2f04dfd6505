# file: node/state.c
# What an older program left open in the base is not undone.
# killed by: test_node_store
s/^	if (!wal && !undo)$/	if (true)/
