# file: consensus/message.c
# A proposal's signature is not checked.
# killed by: test_consensus_rules
s/SR_TRY(consensus_proposal_verify(&hash, &b.sig, &self->config.keys\[b.header.author\]));//
