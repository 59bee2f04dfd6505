# file: shamir/feldman.c
# Fewer than t dealers reshare.
# killed by: test_shamir_feldman
s/return n >= old_t ? SR_OK : SR_ERR_SHARE_TOO_FEW;/return n + 1 >= old_t ? SR_OK : SR_ERR_SHARE_TOO_FEW;/
