# file: enclave/clients.c
# A signed read of last week is served.
# killed by: test_enclave_peers
s/if (g->time_ms + CORE_GET_SKEW_MS < self->now_ms ||/if (false ||/
