# file: enclave/roster_ops.c
# Who is not listed may ask to join.
# killed by: test_enclave_roster
s/return SR_ERR_OPERATOR_UNKNOWN;/(void)p;/
