# file: shamir/dleq.c
# A proof about the identity is one.
# killed by: test_shamir_dleq
/^enum sr_error shamir_dleq_verify/,/^}/s/if (sr_point_is_identity(points\[i\]))/if (false)/
