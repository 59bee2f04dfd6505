# file: enclave/peers.c
# A step of a change that can not apply is pooled.
# killed by: test_enclave_executor
s/epoch_step_is_early(&ctx, self->final->tree, op))/true)/
