# file: consensus/sync.c
# A block that nobody asked for is kept.
# killed by: test_consensus_sync
s/^	if (s == NULL || !s->wanted || !sr_hash32_equal.*/	if (s == NULL)/
