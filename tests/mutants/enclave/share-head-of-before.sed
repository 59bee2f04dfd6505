# file: enclave/release.c
# Heads that were signed before somebody asked serve him.
# killed by: test_enclave_core
s/if (c->kind == WAIT_SHARE && c->in_round) {/if (c->kind == WAIT_SHARE) {/
