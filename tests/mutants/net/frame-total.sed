# file: net/frame.c
# A message may be longer than its limit.
# killed by: test_net_links
s/h->total > NET_MESSAGE_MAX ||/h->total > NET_MESSAGE_MAX + 1 ||/
