# file: node/state.c
# A row that was removed is given from the delta that removed it.
# killed by: test_node_store
s/^		if (!d.row->removed)$/		if (true)/
