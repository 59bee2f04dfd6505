# file: attest/tpm_credential.c
# The answer of a credential is sent as it is.
# killed by: test_attest_tpm_credential
/^static enum sr_error id_object_make/,/^}/s/err = sr_cfb128_seal(body, key, body, 2 + DIGEST);/err = SR_OK;/
