# file: shamir/pedersen.c
# Fewer than t pairs are combined.
# killed by: test_shamir_pedersen
s/^	if (n < c->t)$/	if (n + 1 < c->t)/
