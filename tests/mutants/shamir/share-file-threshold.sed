# file: shamir/share_file.c
# A share file may say that one share is enough.
# killed by: test_shamir_share_file
/^enum sr_error shamir_file_header_read/,/^}/s/if (out->t < 2 || out->t > out->n)/if (out->t < 1 || out->t > out->n)/
