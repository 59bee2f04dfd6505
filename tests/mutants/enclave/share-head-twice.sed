# file: enclave/release.c
# One member's head counts twice.
# killed by: test_enclave_core
/^void release_head/,/^}/s/if (self->round.heard\[from\])/if (false)/
