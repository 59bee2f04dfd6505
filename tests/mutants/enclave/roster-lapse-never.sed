# file: enclave/roster_review.c
# Evidence that is not renewed is good for ever.
# killed by: test_enclave_roster
s|^\tif (r->ctx->time_ms - m->due_ms >= r->policy->lapse_ms)$|\tif (false)|
