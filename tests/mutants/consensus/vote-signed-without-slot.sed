# file: consensus/wire.c
# A vote's signature does not cover its slot.
# killed by: test_consensus_wire
/^static void vote_message/,/^}/s/signed_put_number(m, v->slot);/signed_put_number(m, 0);/
