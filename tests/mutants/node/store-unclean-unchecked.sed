# file: node/store.c
# After an unclean stop the rows are not looked at.
# killed by: test_node_store
s/self->figures.unclean, note)/false, note)/
