# file: enclave/epoch_keys.c
# A share is acknowledged before it is durable.
# killed by: test_enclave_epoch
/Durable first: who has acknowledged/,+1s/SR_TRY(log_append_keys(self));//
