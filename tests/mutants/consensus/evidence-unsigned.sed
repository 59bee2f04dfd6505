# file: consensus/evidence.c
# Votes in evidence need not be signed.
# killed by: test_consensus_evidence
s/SR_TRY(consensus_vote_verify(&v\[i\], chain_id, &keys\[v\[i\].voter\]));//
