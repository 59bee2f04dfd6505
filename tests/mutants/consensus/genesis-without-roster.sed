# file: consensus/wire.c
# The next epoch's genesis does not bind the roster.
# killed by: test_consensus_wire
/^struct sr_hash32 consensus_genesis_hash/,/^}/s/{ roster_root->b, sizeof(roster_root->b) }/{ roster_root->b, 0 }/
