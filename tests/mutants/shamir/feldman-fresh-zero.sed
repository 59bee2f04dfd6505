# file: shamir/feldman.c
# A dealing of 0 is taken for a fresh one.
# killed by: test_shamir_feldman
s/good = !sr_point_is_identity(&c->a\[0\]);/good = true;/
