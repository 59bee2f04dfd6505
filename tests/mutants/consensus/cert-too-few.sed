# file: consensus/wire.c
# A certificate of any size is one.
# killed by: test_consensus_wire
s/if (c->signers_n < consensus_quorum(n) || c->signers_n > n/if (c->signers_n > n/
