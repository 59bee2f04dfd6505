# file: node/fold.c
# A fold that fails takes its delta along.
# killed by: test_disk_store
s/^	self->folds_dropped++;$/	self->folds_dropped++;\n	if (self->closed != NULL \&\& closed_remove(self) != SR_OK) return SR_ERR_IO;/
s/^static void say(/static enum sr_error closed_remove(struct state *self);\n\nstatic void say(/
