# file: consensus/recover.c
# A proposal of mine need not be signed by me.
# killed by: test_consensus_recover
s/SR_TRY(consensus_proposal_verify(&hash, &sig, &self->config.keys\[h.author\]));//
