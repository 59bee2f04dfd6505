# file: shamir/feldman.c
# A reshare may end with another vault key.
# killed by: test_shamir_feldman
s/return sr_point_equal(&out->a\[0\], vault_key) ? SR_OK : SR_ERR_DEALING_BAD;/return SR_OK;/
