# file: consensus/evidence.c
# Proposals in evidence need not be signed.
# killed by: test_consensus_evidence
s/SR_TRY(consensus_proposal_verify(&hash\[i\], &sig\[i\], &keys\[h\[i\].author\]));//
