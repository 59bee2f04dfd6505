# file: attest/policy.c
# Expired collateral is accepted.
# killed by: test_attest_policy
/^static enum sr_error time_judge/,/^}/s/ || time_s > f->valid_to_s//
