# file: shamir/share_file.c
# Shares of two splits are combined.
# killed by: test_shamir_share_file
s/return memcmp(a->split_id, b->split_id, sizeof a->split_id) == 0 && a->t == b->t &&/return a->t == b->t \&\&/
