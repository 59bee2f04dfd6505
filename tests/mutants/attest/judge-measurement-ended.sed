# file: attest/policy.c
# A measurement is accepted at its end.
# killed by: test_attest_policy
/^static enum sr_error measurement_judge/,/^}/s/time_ms >= m->until_ms/time_ms > m->until_ms/
