# file: consensus/wire.c
# The signatures in a certificate are not checked.
# killed by: test_consensus_wire
/^enum sr_error consensus_cert_verify/,/^}/s/SR_TRY(consensus_vote_verify(.*/(void)v; (void)chain_id; (void)keys;/
