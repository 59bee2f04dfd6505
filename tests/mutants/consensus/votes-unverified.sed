# file: consensus/pool.c
# A vote whose signature is wrong counts.
# killed by: test_consensus_rules
s/return error;$/return SR_OK;/
