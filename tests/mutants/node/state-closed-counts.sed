# file: node/state.c
# A row of the closed delta counts more than one of the open delta.
# killed by: test_node_store
/^static enum sr_error row_get/,/^}/{
s/&self->open->index, key, key_n), self->open }/\&(self->closed ? self->closed : self->open)->index, key, key_n), self->closed ? self->closed : self->open }/
s/f.row == NULL && self->closed != NULL/f.row == NULL/
s/&self->closed->index, key, key_n), self->closed }/\&self->open->index, key, key_n), self->open }/
}
