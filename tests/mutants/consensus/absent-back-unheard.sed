# file: consensus/absent.c
# Who was silent and speaks again is not waited for.
# killed by: test_consensus_absent
s/self->now_ms - self->heard_ms\[from\] >= CONS_ABSENT_QUIET_MS/false/
