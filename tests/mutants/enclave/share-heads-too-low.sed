# file: enclave/release.c
# Heads from before the ticket are fresh.
# killed by: test_enclave_core
s/^	    c->heads_height < ticket->height)$/	    false)/
