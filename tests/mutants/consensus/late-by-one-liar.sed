# file: consensus/pool.c
# f liars make my timer longer.
# killed by: test_consensus_rules
s/if (count <= self->faults)/if (count < self->faults)/
