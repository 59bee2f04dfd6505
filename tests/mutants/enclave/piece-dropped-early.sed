# file: enclave/pieces.c
# A piece goes though another secret names it.
# killed by: test_enclave_pieces
s/if (n == 1)/if (n >= 1)/
