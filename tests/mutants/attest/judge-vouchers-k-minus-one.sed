# file: attest/policy.c
# One provisioner fewer suffices.
# killed by: test_attest_policy
/^static enum sr_error vouching_judge/,/^}/s/n >= p->provisioners_k/n + 1 >= p->provisioners_k/
