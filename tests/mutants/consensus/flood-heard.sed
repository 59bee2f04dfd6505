# file: consensus/consensus.c
# A peer that sends nonsense is listened to all the same.
# killed by: test_consensus_rules
s/return self->bad_n\[from\] >= CONS_BAD_PER_SECOND;/return false;/
