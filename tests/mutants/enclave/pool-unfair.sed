# file: enclave/pool.c
# One account's operations all go before the next account's.
# killed by: test_enclave_pool
/^struct pool_entry \*pool_next/,/^}/s/self->cursor = a->ring_next;/if (e == NULL) self->cursor = a->ring_next;/
