# file: attest/tpm_public.c
# An attestation key may sign anything.
# killed by: test_attest_evidence
s/FIXED_PARENT | SENSITIVE_DATA_ORIGIN | RESTRICTED | SIGN/FIXED_PARENT | SENSITIVE_DATA_ORIGIN | SIGN/
