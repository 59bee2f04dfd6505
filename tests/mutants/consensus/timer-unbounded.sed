# file: consensus/timer.c
# The skip timer may be longer than 10 s.
# killed by: test_consensus_rules
s/return ms < CONS_SKIP_MAX_MS ? (uint32_t)ms : CONS_SKIP_MAX_MS;/return (uint32_t)ms;/
