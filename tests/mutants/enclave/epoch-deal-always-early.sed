# file: enclave/epoch_ops.c
# A dealing by who has dealt is kept for later.
# killed by: test_enclave_executor
s/!change->fixed \&\& !epoch_set_has(&change->dealt, dealer) \&\&/true \&\&/
