# file: node/log.c
# What was written of a batch that was given up stays in the file.
# killed by: test_node_store
s/return self->kind->whole \&\& self->size > self->synced_size ? log_undo(self, SR_OK) : SR_OK;/return SR_OK;/
