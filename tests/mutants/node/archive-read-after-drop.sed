# file: node/archive.c
# A file that was removed is read on.
# killed by: test_node_archive
s/if (self->read != NULL \&\& self->read_first == self->firsts\[i\]) {/if (false) {/
