# file: attest/policy.c
# What is read need not make sense.
# killed by: test_attest_policy
/^void attest_policy_read/,/^}/s/err = attest_policy_check(p);/err = SR_OK;/
