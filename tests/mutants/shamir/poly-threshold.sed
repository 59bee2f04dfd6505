# file: shamir/poly.c
# A threshold of 0 makes a polynomial.
# killed by: test_shamir_poly
s/if (t < 1 || t > SHAMIR_T_MAX)/if (t > SHAMIR_T_MAX)/
