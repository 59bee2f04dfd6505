# file: node/index.c
# Of rows with the same name in a delta the first counts.
# killed by: test_node_store
s/^	row->at = at;$/	if (row->n != 0) return;\n	row->at = at;/
