# file: consensus/absent.c
# Nobody absent is waited for although nothing becomes final.
# killed by: test_consensus_absent
s/return self->frontier - 1 - self->top_slot < self->config.n \&\&/return/
