# file: enclave/epoch_keys.c
# The vote key of the epoch before is not wiped.
# killed by: test_enclave_disk
s/^	sr_edsk_wipe(self->old->vote);$//
