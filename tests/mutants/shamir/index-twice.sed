# file: shamir/poly.c
# A share is counted twice.
# killed by: test_shamir_poly
s/if (set\[k\].v == set\[i\].v)/if (false)/
