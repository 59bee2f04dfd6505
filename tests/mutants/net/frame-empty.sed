# file: net/frame.c
# A fragment may be empty.
# killed by: test_net_links
s/if (n == 0 || n > NET_FRAGMENT_MAX ||/if (n > NET_FRAGMENT_MAX ||/
