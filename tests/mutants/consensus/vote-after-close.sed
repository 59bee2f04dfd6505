# file: consensus/rules.c
# Votes are cast after the epoch's CLOSE is final.
# killed by: test_consensus_rules
s/!self->handshake && !self->closed && self->stopped/!self->handshake \&\& self->stopped/
