# file: consensus/absent.c
# Each message of an absent author counts as its return.
# killed by: test_consensus_absent
s/ \&\& self->now_ms - self->heard_ms\[from\] >= CONS_ABSENT_QUIET_MS//
