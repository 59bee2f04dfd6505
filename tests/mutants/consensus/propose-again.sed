# file: consensus/propose.c
# A second proposal is made in a slot.
# killed by: test_consensus_rules test_consensus_recover
s/if (s != NULL && (s->own.proposed || s->own.notar))/if (false)/
