# file: attest/policy.c
# A policy may accept revoked platforms.
# killed by: test_attest_policy
s/1u << ATTEST_REVOKED) - 1u/1u << (ATTEST_REVOKED + 1)) - 1u/
