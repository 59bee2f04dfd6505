# file: attest/tpm_public.c
# An attestation key may leave its TPM.
# killed by: test_attest_evidence
s/(FIXED_TPM | FIXED_PARENT/(FIXED_PARENT/
