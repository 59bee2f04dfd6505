# file: attest/tpm_public.c
# An attestation key may decrypt.
# killed by: test_attest_evidence
/^static enum sr_error key_read/,/^}/s/ || (attributes \& DECRYPT) != 0//
