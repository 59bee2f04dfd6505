# file: enclave/roster_ops.c
# Evidence counts as often as it is sent.
# killed by: test_enclave_roster
/^static enum sr_error reattest_apply/,/^}/s/if (roster_evidence_spent(.*/if (false)/
