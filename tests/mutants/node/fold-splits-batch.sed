# file: node/fold.c
# A fold begins in the middle of a batch.
# killed by: test_node_store
s/ \&\& !delta_begun(self->open)//
