# file: enclave/epoch_keys.c
# A member deals a number of its own making instead of its share.
# killed by: test_enclave_join
s/if (change->kind == EPOCH_CHANGE_DKG)$/if (change != NULL)/
