# file: enclave/release.c
# A share is sent though others say that more is final.
# killed by: test_enclave_core
s/return c->heads_height > self->final->header.height ? SR_ERR_NOT_FINAL : SR_OK;/return SR_OK;/
