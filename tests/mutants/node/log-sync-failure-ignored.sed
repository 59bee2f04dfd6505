# file: node/log.c
# A failed fdatasync is taken for done.
# killed by: test_node_log
/^	if (fdatasync(self->fd) != 0)$/,+1s/return SR_ERR_IO;/return SR_OK;/
