# file: node/state.c
# A state whose base is gone begins anew.
# killed by: test_node_store
s/^	if (!there && bits != 0)$/	if (false)/
