# file: enclave/roster_review.c
# Evidence that is not renewed is good for ever.
# killed by: test_enclave_roster
s/judged = SR_ERR_EVIDENCE_LAPSED;/(void)due;/
