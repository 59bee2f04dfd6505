# file: enclave/release.c
# Heads of a round that was long ago are shared by whoever asks.
# killed by: test_enclave_core
s/	    self->heads.ms + CORE_HEADS_SHARED_MS >= self->now_ms) {/	    true) {/
