# file: node/log.c
# A record with a wrong checksum is taken.
# killed by: test_node_log
s/\*good = sr_crc32c(0, scratch, r->length) == r->crc;/*good = true;/
