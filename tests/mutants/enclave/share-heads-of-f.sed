# file: enclave/release.c
# f heads are enough.
# killed by: test_enclave_core
s/needed = consensus_faults(n) + 1;/needed = consensus_faults(n);/
