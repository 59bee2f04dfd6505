# file: enclave/epoch_ops.c
# A member may acknowledge twice.
# killed by: test_enclave_epoch
s/ || epoch_set_has(&change->acked, member) ||$/ ||/
