# file: enclave/peers.c
# Messages for the next epoch may fill the memory.
# killed by: test_enclave_peers
s/if (self->ahead_n >= CORE_AHEAD_MAX || n > CORE_AHEAD_BYTES_MAX - self->ahead_bytes)/if (false)/
