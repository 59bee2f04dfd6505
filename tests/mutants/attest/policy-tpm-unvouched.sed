# file: attest/policy.c
# TPMs may be accepted without provisioners.
# killed by: test_attest_policy
/^static enum sr_error vouching_check/,/^}/s/return tpm \&\& /return false \&\& /
