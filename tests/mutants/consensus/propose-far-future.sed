# file: consensus/message.c
# A proposal of tomorrow is kept.
# killed by: test_consensus_rules
s/if (h->time_ms > self->now_ms + CONS_CLOCK_ABSENT_MS)/if (false)/
