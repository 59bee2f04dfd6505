# file: node/archive.c
# Blocks that are there are written again.
# killed by: test_node_archive
s/if (height < self->next || height == UINT64_MAX)/if (height == UINT64_MAX)/
