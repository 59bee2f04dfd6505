# file: node/log.c
# A vote is written but fdatasync is left out.
# killed by: test_node_log
s/^	if (fdatasync(self->fd) != 0)$/	if (false)/
