# file: enclave/hold.c
# A batch may be another's.
# killed by: test_enclave_hold
/^static enum sr_error deal_body_check/,/^}/s/return shamir_pair_boxes_verify(\(.*\)$/return 0 * shamir_pair_boxes_verify(\1/
