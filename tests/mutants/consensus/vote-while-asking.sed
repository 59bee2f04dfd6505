# file: consensus/rules.c
# Votes are cast before the restart handshake is over.
# killed by: test_consensus_recover
s/return self->started && !self->handshake && !self->closed/return self->started \&\& !self->closed/
