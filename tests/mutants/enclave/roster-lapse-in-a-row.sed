# file: enclave/epoch_plan.c
# Nobody has time to renew his evidence after another one went.
# killed by: test_enclave_roster
s/ || p->ctx->time_ms < clock->lapse_rest_ms)/ || p->ctx->time_ms + 86400000u < clock->lapse_rest_ms)/
