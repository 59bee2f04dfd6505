# file: node/archive.c
# Blocks that are there are written again.
# killed by: test_node_archive
s/^	if (!put)$/	if (false)/
