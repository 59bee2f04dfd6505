# file: consensus/recover.c
# The answer of a node that is itself abstaining counts.
# killed by: test_consensus_recover
s/if (!st\.recovering && sr_hash32_equal/if (sr_hash32_equal/
