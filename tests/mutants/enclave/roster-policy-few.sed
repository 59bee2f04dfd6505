# file: enclave/roster_ops.c
# A minority of the operators changes the policy.
# killed by: test_enclave_roster
s/if (b->n < roster_operators_quorum(ctx->now))/if (b->n < 1)/
