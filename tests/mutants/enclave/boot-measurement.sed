# file: enclave/boot.c
# A program whose measurement is not listed runs.
# killed by: test_enclave_disk
s/return genesis_measurement_listed(self->genesis, &self->measurement) ? SR_OK :/return true ? SR_OK :/
