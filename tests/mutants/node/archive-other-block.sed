# file: node/archive.c
# The block of an ended epoch stays where the next one's belongs.
# killed by: test_node_archive
s/\*again = found ? !same$/*again = found ? false/
