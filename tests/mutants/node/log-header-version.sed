# file: node/log.c
# A log of any version is read.
# killed by: test_node_log
s/if (get32(h + 8) != LOG_VERSION)/if (false)/
