# file: node/fold.c
# The delta is removed before its base is there for good.
# killed by: test_disk_store
s/^	err = file_move(self->dir, NODE_STORE_STATE ".new", NODE_STORE_STATE);$/	char a[1100], b[1100];\n	snprintf(a, sizeof a, "%s\/" NODE_STORE_STATE ".new", self->dir);\n	snprintf(b, sizeof b, "%s\/" NODE_STORE_STATE, self->dir);\n	err = rename(a, b) == 0 ? SR_OK : SR_ERR_IO;/
