# file: enclave/checkpoint.c
# A record of the log may be left out or moved.
# killed by: test_enclave_disk
/^static void log_aad/,/^}/s/memcpy(aad, self->log_tag, SR_GCM_TAG);/memset(aad, 0, SR_GCM_TAG);/
s/aad\[16 + i\] = (uint8_t)(self->log_counter >> (8 \* i));/aad[16 + i] = 0;/
