# file: enclave/pool.c
# A member's operations may take all of an account's room.
# killed by: test_enclave_pool
s@>= CORE_POOL_MEMBER_MAX)@>= UINT32_MAX)@
