# file: enclave/release.c
# A share is sent before a final child agreed on the state root.
# killed by: test_enclave_core
s/if (self->final->header.height <= ticket->height)/if (self->final->header.height < ticket->height)/
