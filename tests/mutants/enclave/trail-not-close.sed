# file: enclave/genesis.c
# Any block closes an epoch.
# killed by: test_enclave_trail
s/if (count == 0 && (h.flags & CONSENSUS_CLOSE) == 0)/if (false)/
