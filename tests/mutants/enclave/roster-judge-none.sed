# file: enclave/roster_verdict.c
# Genuine evidence is acceptable whatever the policy says.
# killed by: test_enclave_roster
/^static enum sr_error candidate_judge/,/^}/s/SR_TRY(attest_policy_judge(&policy, &v->facts, report, ctx->time_ms));/(void)report;/
