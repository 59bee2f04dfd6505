# file: enclave/pool.c
# A block begins again with the account that did not fit, though everyone had a turn.
# killed by: test_enclave_pool
s/if (self->cursor != NULL \&\& !self->turned)/if (self->cursor != NULL)/
