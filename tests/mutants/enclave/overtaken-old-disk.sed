# file: enclave/overtaken.c
# Whose disk is of long ago waits for ever.
# killed by: test_enclave_join
s/#define FOLLOWED 1u/#define FOLLOWED 100u/
