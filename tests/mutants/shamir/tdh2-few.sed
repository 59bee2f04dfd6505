# file: shamir/tdh2.c
# Fewer than t shares are combined.
# killed by: test_shamir_tdh2
s/^	if (n < t)$/	if (n + 1 < t)/
