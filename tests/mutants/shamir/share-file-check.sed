# file: shamir/share_file.c
# What was combined need not be what was split.
# killed by: test_shamir_share_file
s/return sr_ct_equal(check.b, in\[0\] + check_at(self->headers\[0\].n), sizeof check.b) ? SR_OK :/return true ? SR_OK :/
