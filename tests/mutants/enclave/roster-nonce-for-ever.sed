# file: enclave/roster_review.c
# Evidence that was made on the first day serves for ever.
# killed by: test_enclave_roster
s/if (p->reattest_ms > 0 && nonce_due(r, m) < due)/if (false)/
