# file: net/queue.c
# A vote is dropped for a block.
# killed by: test_net_links
s/uint32_t victim = NET_CLASSES;/uint32_t victim = 1;/
s/while (victim-- > class && self->classes\[victim\].first == NULL)/while (victim-- > 0 \&\& self->classes[victim].first == NULL)/
s/if (victim == class)/if (victim == 0)/
