# file: consensus/message.c
# What a guest says is taken for a member's word.
# killed by: test_consensus_observer
s/if (from >= self->config\.n && !guest_may(kind))/if (from >= self->config.n \&\& kind == 0)/
