# file: enclave/genesis.c
# f shares are enough.
# killed by: test_enclave_genesis
s/g->threshold < f + 1 ||/g->threshold < f ||/
