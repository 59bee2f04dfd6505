# file: consensus/standstill.c
# A guest that says it is ahead is asked for what it has.
# killed by: test_consensus_observer
s/if (top > self->top_slot && from < self->config\.n)/if (top > self->top_slot)/
