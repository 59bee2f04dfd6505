# file: node/keeper.c
# Rows of a checkpoint that never came are kept.
# killed by: test_node_keeper
s/^		node_store_abandon(self->store); .*//
