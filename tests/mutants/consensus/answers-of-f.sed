# file: consensus/recover.c
# A restarted node goes on after f + 1 answers.
# killed by: test_consensus_recover
s/return self->quorum < self->config.n ? self->quorum : self->config.n - 1;/return self->faults + 1;/
