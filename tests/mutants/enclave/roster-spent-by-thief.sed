# file: enclave/roster_verdict.c
# Evidence that one member brought in vain is worthless for its owner.
# killed by: test_enclave_roster
/^static enum sr_error reattest_spend/,/^}/s/if (code != SR_OK)$/if (false)/
