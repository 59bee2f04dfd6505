# file: enclave/epoch_ops.c
# A member's operation need not be signed.
# killed by: test_enclave_epoch
s/return sr_verify(&key, &sig, op_domain, op->signed_bytes.p, op->signed_bytes.n);/(void)sig; return SR_OK;/
