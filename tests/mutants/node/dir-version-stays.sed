# file: node/dir.c
# A directory of a format from before opens as if it were of this one.
# killed by: test_node_store
s/^	if (err == SR_OK && (n != strlen(want) || /	if (false \&\& (n != strlen(want) || /
