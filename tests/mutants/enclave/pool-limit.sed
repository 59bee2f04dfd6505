# file: enclave/pool.c
# The pool takes one operation more than it may.
# killed by: test_enclave_pool
s/return self->n < CORE_POOL_MAX && n <=/return self->n <= CORE_POOL_MAX \&\& n <=/
