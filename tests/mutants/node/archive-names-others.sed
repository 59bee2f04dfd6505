# file: node/archive.c
# Files of other names are taken for blocks.
# killed by: test_node_archive
s/strspn(digits, "0123456789") != DIGITS/false/
