# file: consensus/evidence.c
# NOTAR after SKIP is evidence.
# killed by: test_consensus_evidence
s/return a->kind != CONSENSUS_NOTAR && b->kind != CONSENSUS_NOTAR;/return true;/
