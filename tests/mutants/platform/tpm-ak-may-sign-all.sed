# file: platform/tpm_key.c
# The attestation key signs whatever it is given.
# killed by: test_platform_tpm
/^static TPM2B_PUBLIC ak_template/,/^}/{s/OBJECT_OURS |/(OBJECT_OURS \& ~(TPMA_OBJECT)TPMA_OBJECT_RESTRICTED) |/}
