# file: node/keeper.c
# The fresh log is written before the store's checkpoint.
# killed by: test_node_keeper
/^static enum sr_error checkpoint(/,/^}/{s/^	SR_TRY(node_store_commit(self->store));$/	SR_TRY(node_log_rotate(\&self->log, fx->a.p, fx->a.n));/
s/^	return node_log_rotate.*/	return node_store_commit(self->store);/
}
