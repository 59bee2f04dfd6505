# file: enclave/dealt.c
# A box opens under any label.
# killed by: test_enclave_hold
/^enum sr_error dealt_pair/,/^}/s/return error == SR_ERR_NO_MEMORY ? error : SR_ERR_DEALING_BAD;/return SR_OK;/
