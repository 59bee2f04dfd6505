# file: enclave/pool.c
# The pool's bytes have no bound.
# killed by: test_enclave_pool
s/ && n <= CORE_POOL_BYTES_MAX - self->bytes;/;/
