# file: enclave/epoch_ops.c
# A dealer may copy another's contributions.
# killed by: test_enclave_epoch
/^static enum sr_error boxes_check/,/^}/s/return shamir_boxes_verify(&deal->boxes, first, deal->contributions, .*/return SR_OK; (void)shamir_boxes_verify(\&deal->boxes, first, deal->contributions, change->n, context,/
