# file: consensus/recover.c
# An answer leaves proposals out.
# killed by: test_consensus_recover
/^static uint32_t status_proposals/,/^}/s/if (!b->has_sig)/if (true)/
