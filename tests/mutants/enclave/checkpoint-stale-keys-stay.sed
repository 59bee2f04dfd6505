# file: enclave/core.c
# A checkpoint that did not fit leaves an old epoch's keys on the disk until the next one is due.
# killed by: test_enclave_join
s/(self->keys_stale \&\& height > self->checkpoint_height)/false/
