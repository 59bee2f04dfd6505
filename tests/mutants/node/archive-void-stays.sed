# file: node/archive.c
# What an ended epoch left above is found in the place of the next one's blocks.
# killed by: test_node_archive
s/self->firsts\[self->files - 1\] > height) {/false) {/
