# file: consensus/pool.c
# A vote of another epoch counts.
# killed by: test_consensus_rules
/^enum sr_error cons_pool_vote/,/^}/s/if (v->epoch != self->config.epoch)/if (false)/
