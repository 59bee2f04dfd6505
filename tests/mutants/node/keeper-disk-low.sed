# file: node/keeper.c
# A disk is full enough only when nothing is left.
# killed by: test_node_keeper
s/was_low ? free_bytes < min_bytes + min_bytes \/ 4 : free_bytes < min_bytes;/was_low ? free_bytes < min_bytes : free_bytes < min_bytes;/
