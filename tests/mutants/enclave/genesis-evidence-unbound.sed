# file: enclave/genesis.c
# A member's evidence need not be for its keys.
# killed by: test_enclave_genesis
s/if (memcmp(expected, m->evidence.p + 33, 64) != 0)/if (false)/
