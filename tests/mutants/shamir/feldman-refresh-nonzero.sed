# file: shamir/feldman.c
# A refresh may change the secret.
# killed by: test_shamir_feldman
s/^		good = sr_point_is_identity(&c->a\[0\]);/		good = true;/
