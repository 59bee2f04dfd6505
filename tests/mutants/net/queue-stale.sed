# file: net/queue.c
# Messages of long ago are sent.
# killed by: test_net_links
s/now_ms - item->queued_ms > NET_STALE_MS)/false)/
