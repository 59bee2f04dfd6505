# file: shamir/tdh2.c
# A ciphertext of the identity is valid.
# killed by: test_shamir_tdh2
s/if (sr_point_is_identity(&ct->r) || sr_point_is_identity(&ct->r2))/if (false)/
