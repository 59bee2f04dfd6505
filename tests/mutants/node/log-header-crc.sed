# file: node/log.c
# A record whose header has a wrong checksum is taken.
# killed by: test_node_log
s/return get32(header + 16) == record_check(header, position)/return true/
