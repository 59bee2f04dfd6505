# file: attest/policy.c
# A policy may have the number of now.
# killed by: test_attest_policy
/^enum sr_error attest_policy_follows/,/^}/s/next->number <= now->number/next->number < now->number/
