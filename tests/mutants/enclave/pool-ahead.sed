# file: enclave/pool.c
# Operations that wait for a nonce may take all the room.
# killed by: test_enclave_pool
s/if (ahead && (self->ahead_n >= CORE_POOL_MAX \/ 2 ||/if (false \&\& (self->ahead_n >= CORE_POOL_MAX \/ 2 ||/
