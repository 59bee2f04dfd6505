# file: net/links.c
# the queues of many peers take as much memory each as those of few
# killed by: test_net_links
s/size_t share = NET_QUEUES_BYTES_MAX \/ (self->peers_n + 1);/size_t share = NET_QUEUE_BYTES_MAX;/
