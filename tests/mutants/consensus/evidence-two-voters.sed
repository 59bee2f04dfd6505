# file: consensus/evidence.c
# Votes of two voters are evidence against one.
# killed by: test_consensus_evidence
s/a->slot != b->slot || a->voter != b->voter)/a->slot != b->slot)/
