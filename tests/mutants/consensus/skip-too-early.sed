# file: consensus/rules.c
# SKIP before the timer has expired.
# killed by: test_consensus_rules
s/if (self->now_ms - self->frontier_since_ms < cons_skip_timeout_ms(self))/if (self->now_ms < self->frontier_since_ms)/
