# file: attest/tpm_credential.c
# A credential does not name the attestation key.
# killed by: test_attest_tpm_credential
/^static enum sr_error id_object_make/,/^}/s/parts, 2);/parts, 1);/
