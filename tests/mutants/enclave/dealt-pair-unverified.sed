# file: enclave/dealt.c
# A holder gives away what does not fit.
# killed by: test_enclave_hold
/^enum sr_error dealt_pair/,/^}/s/error = shamir_pedersen_verify(.*$/(void)c;/
