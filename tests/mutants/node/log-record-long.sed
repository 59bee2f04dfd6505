# file: node/log.c
# A record may be longer than its limit.
# killed by: test_node_log
s/if (n == 0 || n > NODE_LOG_RECORD_MAX)/if (n == 0 || n > NODE_LOG_RECORD_MAX + 1)/
