# file: attest/policy.c
# Binding is asked before debug.
# killed by: test_attest_policy
/^enum sr_error attest_policy_judge/,/^}/s/if (f->debug)/if (f->debug \&\& attest_facts_bound(f, report_data))/
