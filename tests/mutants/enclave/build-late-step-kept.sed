# file: enclave/executor.c
# A step of a change that came too late stays in the pool.
# killed by: test_enclave_executor
s/if (error == SR_ERR_EPOCH_STEP \&\& epoch_step_is_early(&ctx, self->final->tree, &op))/if (error == SR_ERR_EPOCH_STEP)/
