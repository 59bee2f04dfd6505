# file: consensus/wire.c
# A SKIP or FINAL vote may carry flags.
# killed by: test_consensus_wire
s/return flags == 0 || (kind == CONSENSUS_NOTAR && flags == CONSENSUS_VOTE_INGRESS);/(void)kind; return flags <= CONSENSUS_VOTE_INGRESS;/
