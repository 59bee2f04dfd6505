# file: shamir/feldman.c
# Dealings of different thresholds are added up.
# killed by: test_shamir_feldman
s/if (dealings\[i\]->t != out->t)/if (false)/
