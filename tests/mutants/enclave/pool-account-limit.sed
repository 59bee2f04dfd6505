# file: enclave/pool.c
# One account may fill the pool.
# killed by: test_enclave_pool
s/if (a != NULL && a->n >= CORE_POOL_ACCOUNT_MAX)/if (false)/
