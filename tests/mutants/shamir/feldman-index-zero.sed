# file: shamir/feldman.c
# The share with index 0, which is the secret, may be asked for.
# killed by: test_shamir_feldman
/^enum sr_error shamir_feldman_key/,/^}/s/if (index.v == 0)/if (false)/
