# file: enclave/epoch_ops.c
# A member may deal twice.
# killed by: test_enclave_epoch
/^static enum sr_error deal_apply/,/^}/s/ || epoch_set_has(&change->dealt, dealer))/)/
