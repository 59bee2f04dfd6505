# file: shamir/share_file.c
# One share file counts twice.
# killed by: test_shamir_share_file
s/if (headers\[k\].index == headers\[i\].index) {/if (false) {/
