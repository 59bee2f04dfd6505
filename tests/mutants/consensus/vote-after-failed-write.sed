# file: consensus/rules.c
# Votes go on after the log could not be written.
# killed by: test_consensus_rules
s/ && self->stopped == SR_OK;/;/
