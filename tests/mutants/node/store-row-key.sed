# file: node/row.c
# A row is taken for another's.
# killed by: test_node_store
s/if (r.error != SR_OK || own_key.n != key_n || memcmp(own_key.p, key, key_n) != 0 ||/if (r.error != SR_OK ||/
s/^	    row_crc(table, key, key_n, value->p, value->n) != crc)$/	    row_crc(table, own_key.p, own_key.n, value->p, value->n) != crc)/
