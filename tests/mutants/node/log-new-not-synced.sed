# file: node/log.c
# The fresh log is put in place before it is on the disk.
# killed by: test_node_log
s/if (err == SR_OK && fsync(fd) != 0)/if (false)/
