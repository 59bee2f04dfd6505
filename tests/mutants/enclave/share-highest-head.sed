# file: enclave/release.c
# One liar's height counts as that of f + 1.
# killed by: test_enclave_core
s/if (self->round.heard\[i\] && as_high >= needed && self->round.height\[i\] > \*height)/if (self->round.heard[i] \&\& self->round.height[i] > *height)/
