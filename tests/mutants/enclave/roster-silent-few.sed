# file: enclave/roster_ops.c
# Fewer than a quorum send a silent member away.
# killed by: test_enclave_roster_change
s/if (epoch_set_count(&set) < consensus_quorum(ctx->now->n))/if (epoch_set_count(\&set) < 3)/
