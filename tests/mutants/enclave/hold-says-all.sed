# file: enclave/hold.c
# Who has much that waits for a block says ever more.
# killed by: test_enclave_hold
s/return pool_count_member(self->pool, &me) >= CORE_POOL_MEMBER_MAX \/ 2;/return false;/
