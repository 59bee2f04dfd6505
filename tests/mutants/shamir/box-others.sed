# file: shamir/subshare.c
# A dealer may use another's boxes among its own.
# killed by: test_shamir_subshare
s/if (memcmp(boxes\[i\].b, first->b, sizeof r.b) != 0)/if (false)/
