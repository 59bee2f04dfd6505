# file: attest/policy.c
# A measurement listed for another kind is accepted.
# killed by: test_attest_policy
/^static const struct attest_policy_measurement \*listed/,/^}/s/m->kind == kind/true/
