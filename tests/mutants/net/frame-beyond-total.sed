# file: net/frame.c
# A fragment may reach behind its message.
# killed by: test_net_links
s/ || n > h->total - h->offset)/)/
