# file: node/store.c
# What waits for a commit may fill the memory.
# killed by: test_node_store
s/if (self->state_pile.bytes + self->archive_pile.bytes + n > NODE_STORE_BUFFER_MAX)/if (false)/
