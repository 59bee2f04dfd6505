# file: shamir/gf256.c
# All blocks of a split have the first one's coefficients.
# killed by: test_shamir_gf256
s/if (self->t > 1)$/if (self->t > 1 \&\& at == 0)/
