# file: consensus/log.c
# A record that could not be written does not end the voting.
# killed by: test_consensus_rules test_consensus_log
s/^		error = cons_fatal(self, error);$//
