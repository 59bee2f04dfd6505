# file: enclave/release.c
# A sealed share is not bound to its ticket.
# killed by: test_enclave_core
s/&ticket->to, &ephemeral, info, ticket->id.b,$/\&ticket->to, \&ephemeral, info, NULL,/; s/^		    sizeof(ticket->id.b), plain->p, plain->n);/		    0, plain->p, plain->n);/
