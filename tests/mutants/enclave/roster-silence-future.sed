# file: enclave/roster_ops.c
# A vote on silence may be for a time to come.
# killed by: test_enclave_roster_change
s/if (time_ms > now_ms)/if (time_ms > now_ms + silence_ms)/
