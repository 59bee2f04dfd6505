# file: node/log.c
# Damage before good records is cut off like a torn tail.
# killed by: test_node_log
s/if (newest <= mine)/if (newest >= 0)/
