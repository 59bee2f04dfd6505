# file: attest/policy.c
# What was promised for later may come sooner.
# killed by: test_attest_policy
/^static bool begins_anew/,/^}/s/ || m->from_ms < before->from_ms//
