# file: consensus/absent.c
# Only operations that wait here hurry past who is down, not a block that has some.
# killed by: test_consensus_absent
s/ || (b != NULL && b->body_n > 0)//
