# file: enclave/peers.c
# Who took its part of the time once is never heard again.
# killed by: test_enclave_peers
/^static bool effort_take/,/^}/s/if (self->now_ms > e->at_ms)/if (false)/
