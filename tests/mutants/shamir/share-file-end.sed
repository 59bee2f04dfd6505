# file: shamir/share_file.c
# A changed file is taken for good.
# killed by: test_shamir_share_file
s/if (\*bad == self->m && (memcmp(end.b, in\[i\] + check_at(n) + 32, 32) != 0 ||/if (*bad == self->m \&\& (false ||/
