# file: node/row.c
# A row is taken from one table into the other.
# killed by: test_node_store
s/uint8_t head\[6\] = { ROW_VERSION, (uint8_t)table };/uint8_t head[6] = { ROW_VERSION, 0 }; (void)table;/
