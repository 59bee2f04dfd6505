# file: enclave/peers.c
# A holder's operation that can not apply is pooled.
# killed by: test_enclave_hold
/^static enum sr_error admit_hold_op/,/^}/s/return error != SR_OK ? error : pool_add/return pool_add/
