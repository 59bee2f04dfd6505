# file: enclave/roster_review.c
# In an outage evidence lapses that nobody could renew.
# killed by: test_enclave_roster
s/m->due_ms = r->ctx->time_ms;/m->due_ms = 1;/
