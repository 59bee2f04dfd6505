# file: consensus/absent.c
# Who missed its slots never has another chance while operations wait.
# killed by: test_consensus_absent
s/return (missed & (missed - 1)) == 0 || missed % CONS_ABSENT_TURNS == 0;/return missed < 3;/
