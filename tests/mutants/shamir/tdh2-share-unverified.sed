# file: shamir/tdh2.c
# A wrong decryption share is combined.
# killed by: test_shamir_tdh2
/^enum sr_error shamir_tdh2_combine/,/^}/s/if (error != SR_OK) {/if (false) {/
