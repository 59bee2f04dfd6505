# file: consensus/log.c
# The floor of a rolled-back node is not made durable.
# killed by: test_consensus_recover
/^enum sr_error cons_log_floor/,/^}/s/record_put(self, &w, true)/record_put(self, \&w, false)/
