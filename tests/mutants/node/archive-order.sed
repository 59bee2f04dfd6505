# file: node/archive.c
# The files are taken in the order in which the folder names them.
# killed by: test_node_archive
s/return x < y ? -1 : x > y;/return x < y ? 1 : x > y ? -1 : 0;/
