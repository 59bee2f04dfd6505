# file: enclave/roster_ops.c
# A vote on silence that somebody kept counts later.
# killed by: test_enclave_roster_change
s/if (now_ms - time_ms >= silence_ms)/if (now_ms - time_ms >= 2 * silence_ms)/
