# file: node/table.c
# A table that can't be written is not marked, and fails at every start.
# killed by: test_node_store
s/^	if (self->fd < 0 && db_damaged/	if (false \&\& db_damaged/
