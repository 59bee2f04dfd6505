# file: enclave/epoch_plan.c
# A change is never given up.
# killed by: test_enclave_roster_change
s/if (ctx->time_ms >= change->since_ms + policy.window_ms ||/if (/
