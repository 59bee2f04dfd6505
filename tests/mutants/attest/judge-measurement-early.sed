# file: attest/policy.c
# A measurement is accepted before its time.
# killed by: test_attest_policy
/^static enum sr_error measurement_judge/,/^}/s/time_ms < m->from_ms/false/
