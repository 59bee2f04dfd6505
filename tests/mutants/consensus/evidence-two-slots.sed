# file: consensus/evidence.c
# Votes in two slots are evidence.
# killed by: test_consensus_evidence
s/a->slot != b->slot || a->voter != b->voter)/a->voter != b->voter)/
