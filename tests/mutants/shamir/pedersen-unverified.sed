# file: shamir/pedersen.c
# A pair that does not fit the commitments is taken.
# killed by: test_shamir_pedersen
/^enum sr_error shamir_pedersen_verify/,/^}/s/return sr_point_equal(&expected, &got) ? SR_OK : SR_ERR_DEALING_BAD;/return SR_OK;/
