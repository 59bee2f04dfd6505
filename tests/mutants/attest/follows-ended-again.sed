# file: attest/policy.c
# What has ended may begin again at once.
# killed by: test_attest_policy
/^static bool begins_anew/,/^}/s/before->until_ms <= time_ms/false/
