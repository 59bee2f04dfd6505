# file: enclave/join.c
# Who does not answer is asked for the same rows for ever.
# killed by: test_enclave_join
s/ \&\& ++j->tries < ROWS_TRIES) {/ \&\& j->tries < ROWS_TRIES) {/
