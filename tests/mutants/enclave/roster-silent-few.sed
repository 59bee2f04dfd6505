# file: enclave/roster_ops.c
# Fewer than a quorum send a silent member away.
# killed by: test_enclave_roster_change
s|if (fresh < consensus_quorum(ctx->now->n))|if (fresh < 3)|
