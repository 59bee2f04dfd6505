# file: consensus/wire.c
# A SKIP may be signed over a hash.
# killed by: test_consensus_wire
s/if (v->kind == CONSENSUS_SKIP && !sr_hash32_is_zero(&v->hash))/if (false)/
