# file: net/frame.c
# A frame may name a class that is none.
# killed by: test_net_links
s/if (h->class >= NET_CLASSES ||/if (h->class > NET_CLASSES ||/
