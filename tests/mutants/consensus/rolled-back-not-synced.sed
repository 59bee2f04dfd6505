# file: consensus/log.c
# That the disk was rolled back is not made durable.
# killed by: test_consensus_recover
/^enum sr_error cons_log_rolled_back/,/^}/s/record_put(self, &w, true)/record_put(self, \&w, false)/
