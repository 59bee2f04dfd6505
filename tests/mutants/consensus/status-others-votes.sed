# file: consensus/recover.c
# An answer may carry others' votes.
# killed by: test_consensus_recover
s/if (v.voter != self->config.self)/if (false)/
