# file: consensus/wire.c
# A vote's signature does not cover what it says of ingress.
# killed by: test_consensus_wire
/^static void vote_message/,/^}/s/signed_put(m, &v->flags, 1);//
