# file: enclave/boot.c
# A node that voted once and lost its disk believes it never did.
# killed by: test_enclave_disk
s/self->fresh = first && !self->identity_started;/self->fresh = first;/
