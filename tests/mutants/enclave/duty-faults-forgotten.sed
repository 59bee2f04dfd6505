# file: enclave/duties.c
# A fault that is not final when an epoch ends is forgotten.
# killed by: test_enclave_duties
s/if (f->epoch + 1 < now->epoch ||/if (f->epoch < now->epoch ||/
