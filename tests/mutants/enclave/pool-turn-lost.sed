# file: enclave/pool.c
# Who had no turn in a block waits for as many blocks as there are accounts.
# killed by: test_enclave_pool
s/if (self->cursor != NULL \&\& !self->turned)/if (false)/
