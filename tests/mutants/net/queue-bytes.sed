# file: net/queue.c
# A queue to a peer that is away grows without end.
# killed by: test_net_links
s/while (self->bytes + n > self->bytes_max)/while (false)/
