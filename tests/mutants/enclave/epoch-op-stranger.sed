# file: enclave/epoch_ops.c
# Who is no member may take part.
# killed by: test_enclave_epoch
s/return votes ? SR_OK : SR_ERR_NOT_A_MEMBER;/(void)votes; return SR_OK;/
