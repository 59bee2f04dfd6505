# file: shamir/feldman.c
# A dealing may have a lower degree.
# killed by: test_shamir_feldman
s/good = !sr_point_is_identity(&c->a\[k\]);/good = true;/
