# file: net/links.c
# whoever comes to a seat gets what waited for who had it before
# killed by: test_net_links
/^static void peer_forget/,/^}/s/net_queue_clear(&p->queue);/struct net_queue kept = p->queue;/
/^static void peer_forget/,/^}/s/\.push = -1, \.send_fd = -1 };/.push = -1, .send_fd = -1, .queue = kept };/
