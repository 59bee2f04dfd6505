# file: attest/policy.c
# Any evaluation number is accepted.
# killed by: test_attest_policy
/^static enum sr_error tcb_judge/,/^}/s/f->evaluation < p->evaluation_min || //
