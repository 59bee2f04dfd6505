# file: shamir/poly.c
# The secret itself is given away as a share.
# killed by: test_shamir_poly
/^enum sr_error shamir_poly_eval/,/^}/s/if (index.v == 0)/if (false)/
