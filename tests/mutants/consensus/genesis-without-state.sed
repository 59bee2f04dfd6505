# file: consensus/wire.c
# The next epoch's genesis does not bind the state.
# killed by: test_consensus_wire
/^struct sr_hash32 consensus_genesis_hash/,/^}/s/{ state_root->b, sizeof(state_root->b) }/{ state_root->b, 0 }/
