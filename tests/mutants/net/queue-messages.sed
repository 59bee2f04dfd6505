# file: net/queue.c
# A queue may hold any number of messages.
# killed by: test_net_links
s/if (self->classes\[class\].messages == NET_QUEUE_MESSAGES_MAX)/if (false)/
