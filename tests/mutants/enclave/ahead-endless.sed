# file: enclave/peers.c
# Messages for the next epoch may fill the memory.
# killed by: test_enclave_peers
/^static bool ahead_has_room/,/^}/s/return kept < share && n <= bytes;/return true;/
