# file: enclave/roster_ops.c
# A vote on silence may go back in time.
# killed by: test_enclave_roster_change
s/s->list\[place\].time_ms >= time_ms/s->list[place].time_ms == time_ms/
