# file: enclave/boot.c
# A node whose store is gone begins at the genesis.
# killed by: test_enclave_disk
s/if (self->boot_tree != NULL || log)/if (false)/
