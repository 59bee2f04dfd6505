# file: enclave/peers.c
# Messages for the next epoch may fill the memory.
# killed by: test_enclave_peers
s/CORE_AHEAD_MAX \/ share/100000u/;s/CORE_AHEAD_BYTES_MAX \/ share/(1u << 30)/
