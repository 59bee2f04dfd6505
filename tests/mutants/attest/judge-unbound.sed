# file: attest/policy.c
# Evidence for another key is accepted.
# killed by: test_attest_policy
/^enum sr_error attest_policy_judge/,/^}/s/!attest_facts_bound(f, report_data)/false/
