# file: enclave/epoch_ops.c
# An acknowledgement of a set that can not come about any more is kept for later.
# killed by: test_enclave_executor
s/(!change->fixed || (epoch_set_within/(true || (epoch_set_within/
