# file: shamir/tdh2.c
# The wrong holder is named for a bad share.
# killed by: test_shamir_tdh2
s/\*bad = indices\[i\];/*bad = indices[0];/
