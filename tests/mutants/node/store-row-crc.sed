# file: node/row.c
# A row with a wrong checksum is taken.
# killed by: test_node_store
s/^	    row_crc(table, key, key_n, value->p, value->n) != crc)$/	    false)/
