# file: enclave/pool.c
# Operations of one account are taken as they came.
# killed by: test_enclave_pool
s/for (at = &a->first; \*at != NULL && (\*at)->nonce <= e->nonce;)/for (at = \&a->first; *at != NULL;)/
