# file: consensus/timer.c
# The skip timer does not grow without finality.
# killed by: test_consensus_rules
s/ms <<= rotations < 5 ? rotations : 5;/(void)rotations;/
