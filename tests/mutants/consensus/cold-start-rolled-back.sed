# file: consensus/recover.c
# A rolled-back node goes on alone.
# killed by: test_consensus_recover
/^static bool cold_start/,/^}/s/if (self->rolled_back)/if (false)/
