# file: consensus/absent.c
# Who is down is waited for in each turn that is a power of two, and no more after that.
# killed by: test_consensus_absent
s/ || missed % CONS_ABSENT_TURNS == 0;/;/
