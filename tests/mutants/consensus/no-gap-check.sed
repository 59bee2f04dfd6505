# file: consensus/rules.c
# NOTAR without a SKIP certificate for each gap slot.
# killed by: test_consensus_rules
s/if (!gap_proven(self, h))/if (!gap_proven(self, h) \&\& h->slot == 0)/
