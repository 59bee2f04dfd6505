# file: enclave/checkpoint.c
# A log from before the store's checkpoint is taken.
# killed by: test_enclave_disk
s/if (!sr_hash32_equal(&id, &self->log_id) && !sr_hash32_equal(&id, &self->log_before))/if (false)/
