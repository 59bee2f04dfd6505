# file: attest/tpm_credential.c
# The label of a credential ends without its NUL.
# killed by: test_attest_tpm_credential
/^static enum sr_error make/,/^}/s/{ label, sizeof label }/{ label, sizeof label - 1 }/
