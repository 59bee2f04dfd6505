# file: consensus/wire.c
# The cluster believes that it tolerates one fault less.
# killed by: test_consensus_wire
s|return n == 0 ? 0 : (n - 1) / 3;|return n == 0 ? 0 : (n - 1) / 4;|
