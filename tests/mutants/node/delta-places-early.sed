# file: node/delta.c
# Rows of an open batch are found before it ends.
# killed by: test_node_store
s/^	self->open_key_bytes += row->key_n;/&\n	if (index_room(\&self->index, 1, row->key_n) == SR_OK) index_put(\&self->index, row->bytes, row->key_n, place->at, (uint32_t)place->n, place->removed);/
