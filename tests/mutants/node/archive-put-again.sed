# file: node/archive.c
# Blocks that are there are written again.
# killed by: test_node_archive
s/if (is_there(self, height, block))/if (false \&\& is_there(self, height, block))/
