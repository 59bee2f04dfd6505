# file: enclave/roster_ops.c
# Votes on silence count however old they are.
# killed by: test_enclave_roster_change
s/now_ms - s->list\[i\].time_ms < silence_ms ? 1 : 0/now_ms - s->list[i].time_ms < 2 * silence_ms ? 1 : 0/
