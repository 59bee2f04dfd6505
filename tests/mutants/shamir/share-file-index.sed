# file: shamir/share_file.c
# A share file may have index 0.
# killed by: test_shamir_share_file
s/if (out->index < 1 || out->index > out->n)/if (out->index > out->n)/
