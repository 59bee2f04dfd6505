# file: enclave/seal.c
# A sealed row of another member opens.
# killed by: test_enclave_disk
s/aad\[32 + i\] = (uint8_t)(self->self >> (8 \* i));/aad[32 + i] = 0;/
