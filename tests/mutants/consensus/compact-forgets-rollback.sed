# file: consensus/log.c
# The log's fresh beginning leaves out that the disk was rolled back.
# killed by: test_consensus_recover
/^enum sr_error consensus_compact/,/^}/s/if (self->rolled_back)/if (false)/
