# file: enclave/overtaken.c
# A trail that begins before this epoch is no news to who slept.
# killed by: test_enclave_join
s/if (first + k < epoch) {/if (false) {/
