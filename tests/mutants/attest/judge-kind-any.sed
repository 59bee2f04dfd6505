# file: attest/policy.c
# Any kind of evidence is accepted.
# killed by: test_attest_policy
/^static bool accepts/,/^}/s/ != 0;/ != 0 || true;/
