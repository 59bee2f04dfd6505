# file: enclave/core.c
# A node whose disk is full votes on.
# killed by: test_enclave_disk
s/return self->disk_full ? SR_OK : instance_tick(self);/return instance_tick(self);/
