# file: enclave/epoch.c
# The set is fixed without the wait for who leaves.
# killed by: test_enclave_roster_change
s/ctx->time_ms >= change->started_ms + EPOCH_FIX_WAIT_MS)/true)/
