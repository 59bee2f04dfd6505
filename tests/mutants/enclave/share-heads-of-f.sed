# file: enclave/release.c
# f heads are enough.
# killed by: test_enclave_core
s/uint32_t needed = consensus_faults(self->n) + 1;/uint32_t needed = consensus_faults(self->n);/
