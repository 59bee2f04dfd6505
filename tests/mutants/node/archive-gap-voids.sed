# file: node/archive.c
# A gap takes the blocks above it away.
# killed by: test_node_archive
s/return found \&\& !same ? files_void/return !same ? files_void/
