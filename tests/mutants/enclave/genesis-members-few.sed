# file: enclave/genesis.c
# Two members are a cluster.
# killed by: test_enclave_genesis
s/g->members_n < MEMBERS_MIN ||/g->members_n < MEMBERS_MIN - 1 ||/
