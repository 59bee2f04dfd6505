# file: attest/policy.c
# Collateral before its time is accepted.
# killed by: test_attest_policy
/^static enum sr_error time_judge/,/^}/s/time_s < f->valid_from_s || //
