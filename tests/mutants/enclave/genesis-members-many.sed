# file: enclave/genesis.c
# 100 members are one too many.
# killed by: test_enclave_genesis
s/g->members_n > SR_MEMBERS_MAX)$/g->members_n >= SR_MEMBERS_MAX)/
