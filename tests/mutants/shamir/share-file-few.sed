# file: shamir/share_file.c
# Fewer than t files are combined.
# killed by: test_shamir_share_file
s/return m >= headers\[0\].t ? SR_OK : SR_ERR_SHARE_TOO_FEW;/return m + 1u >= headers[0].t ? SR_OK : SR_ERR_SHARE_TOO_FEW;/
