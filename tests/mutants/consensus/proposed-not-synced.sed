# file: consensus/log.c
# A proposal is written but not made durable.
# killed by: test_consensus_rules
/^enum sr_error cons_log_proposed/,/^}/s/record_put(self, &w, true)/record_put(self, \&w, false)/
