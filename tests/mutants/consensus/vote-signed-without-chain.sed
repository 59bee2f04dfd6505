# file: consensus/wire.c
# A vote's signature does not cover the chain.
# killed by: test_consensus_wire
/^static void vote_message/,/^}/s/signed_put(m, chain_id->b, sizeof(chain_id->b));/(void)chain_id;/
