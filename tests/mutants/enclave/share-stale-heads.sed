# file: enclave/release.c
# Heads of any age are fresh.
# killed by: test_enclave_core
s/c->heads_ms + CORE_HEADS_MS < self->now_ms ||/false ||/
