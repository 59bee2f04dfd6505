# file: enclave/hold.c
# A batch may have boxes of another's making.
# killed by: test_enclave_hold
/^static enum sr_error deal_body_check/,/^}/s/	if (!one)/	if (false \&\& !one)/
