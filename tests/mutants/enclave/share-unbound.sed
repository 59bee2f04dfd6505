# file: enclave/release.c
# A sealed share is not bound to its ticket.
# killed by: test_enclave_core
s/ticket->id.b, sizeof(ticket->id.b), plain.p, plain.n);/NULL, 0, plain.p, plain.n);/
