# file: enclave/epoch_keys.c
# A dealing is announced before its keys are durable.
# killed by: test_enclave_epoch
/Durable first: another dealing/,+1s/error = log_append_keys(self);/error = SR_OK;/
