# file: consensus/pool.c
# A certificate needs a vote more than the quorum.
# killed by: test_consensus_rules
s/return c.signers_n >= self->quorum ? cert_install/return c.signers_n > self->quorum ? cert_install/
