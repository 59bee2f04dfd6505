# file: shamir/pedersen.c
# The wrong holder is named for a bad pair.
# killed by: test_shamir_pedersen
s/\*bad = indices\[i\];/*bad = indices[0];/
