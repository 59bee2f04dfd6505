# file: enclave/epoch_ops.c
# A dealer may copy another's boxes.
# killed by: test_enclave_epoch
s/return boxes_check(deal, ctx, change, dealer);/(void)boxes_check; return SR_OK;/
