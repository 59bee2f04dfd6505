# file: node/row.c
# A value may be longer than its limit.
# killed by: test_node_store
s/a_n + b_n > ROW_VALUE_MAX)/a_n + b_n > ROW_VALUE_MAX + 1)/
