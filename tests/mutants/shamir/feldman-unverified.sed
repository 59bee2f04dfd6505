# file: shamir/feldman.c
# A sub-share that does not fit the commitments is taken.
# killed by: test_shamir_feldman
/^enum sr_error shamir_feldman_verify/,/^}/s/return sr_point_equal(&expected, &got) ? SR_OK : SR_ERR_DEALING_BAD;/return SR_OK;/
