# file: attest/policy.c
# Where nobody is asked for, nobody must vouch.
# killed by: test_attest_policy
/^static enum sr_error vouching_judge/,/^}/s/p->provisioners_k > 0 \&\& //
