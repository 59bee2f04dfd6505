# file: node/archive.c
# A block is dropped that should be kept.
# killed by: test_node_archive
s/self->next - self->firsts\[1\] >= self->blocks_max/self->next - self->firsts[1] + 1 >= self->blocks_max/
