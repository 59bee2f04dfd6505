# file: node/log.c
# A torn tail is taken for damage.
# killed by: test_node_log
s/if (newest <= mine)/if (newest < mine)/
