# file: enclave/roster_verdict.c
# Fewer than a quorum decide.
# killed by: test_enclave_roster
s/if (equal_count(votes, &v->said) < consensus_quorum(ctx->now->n))/if (equal_count(votes, \&v->said) < 2)/
