# file: node/row.c
# What waits for a commit may fill the memory.
# killed by: test_node_archive
s/if (n > room)/if (false)/
