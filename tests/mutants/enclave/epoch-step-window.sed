# file: enclave/epoch.c
# Who deals late takes the time to acknowledge from the others.
# killed by: test_enclave_roster_change
/^void epoch_change_fix/,/^}/s/change->since_ms = ctx->time_ms;/(void)0;/
