# file: enclave/release.c
# A share is sent without fresh heads of others.
# killed by: test_enclave_core
s/if (c->heads_ms == 0 || c->heads_ms + CORE_HEADS_MS < self->now_ms ||/if (c->heads_ms > self->now_ms ||/
s/^	    c->heads_height < ticket->height)$/	    false)/
