# file: net/frame.c
# A fragment may be longer than its limit.
# killed by: test_net_links
s/if (n == 0 || n > NET_FRAGMENT_MAX ||/if (n == 0 || n > NET_FRAGMENT_MAX + 1 ||/
