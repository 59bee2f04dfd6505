# file: attest/policy.c
# A new measurement may begin at once.
# killed by: test_attest_policy
/^enum sr_error attest_policy_follows/,/^}/s/m->from_ms - time_ms < now->measurement_delay_ms/false/
