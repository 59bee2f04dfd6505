# file: net/frame.c
# A heartbeat may carry bytes.
# killed by: test_net_links
s/return n == NET_HEADER_BYTES ? SR_OK : SR_ERR_TRAILING_BYTES;/return SR_OK;/
