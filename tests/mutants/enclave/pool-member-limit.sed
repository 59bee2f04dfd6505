# file: enclave/pool.c
# A member's operations may take all of an account's room.
# killed by: test_enclave_pool
s/if (member \&\& pool_count_member/if (false \&\& pool_count_member/
