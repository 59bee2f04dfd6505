# file: enclave/shell_run.c
# A renewal that fails loses the certificate.
# killed by: test_shell_evidence
s/bool keep = self->cert.credentials != NULL .*/bool keep = false;/
