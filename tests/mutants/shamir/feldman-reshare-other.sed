# file: shamir/feldman.c
# A dealer may reshare something else than its share.
# killed by: test_shamir_feldman
s/good = y_i != NULL && sr_point_equal(&c->a\[0\], y_i);/good = true;/
