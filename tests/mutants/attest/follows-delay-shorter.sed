# file: attest/policy.c
# The delay may be made shorter.
# killed by: test_attest_policy
/^enum sr_error attest_policy_follows/,/^}/s/next->measurement_delay_ms < now->measurement_delay_ms/false/
