# file: enclave/core.c
# Nobody is told that the disk is an old copy.
# killed by: test_enclave_disk
s/if (abstains \&\& !self->abstains)/if (false)/
