# file: enclave/shell_run.c
# the evidence of the first day is shown for ever
# killed by: test_shell_evidence
s/self->now_ms - self->made_ms >= CERT_RENEW_MS ||/false ||/
