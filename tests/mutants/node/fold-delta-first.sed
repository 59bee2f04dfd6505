# file: node/fold.c
# The delta is removed before its base takes its place.
# killed by: test_disk_store
s/^		f->phase = FOLD_REPLACE;$/		if (unlink_first(self) != SR_OK) return SR_ERR_IO;\n		f->phase = FOLD_REPLACE;/
s/^static enum sr_error merge(/static enum sr_error unlink_first(struct state *self) { return file_remove(self->dir, self->closed->log.name); }\n\nstatic enum sr_error merge(/
