# file: enclave/hold.c
# What was dealt is not looked at before it is acknowledged.
# killed by: test_enclave_hold
/^static enum sr_error part_open/,/^}/s/error = shamir_pedersen_verify(.*$/(void)c;/
