# file: consensus/tree.c
# A block may be as old as its parent.
# killed by: test_consensus_rules
s/if (h->time_ms < least_ms || h->time_ms - least_ms < parent->time_ms)/if (h->time_ms < least_ms)/
