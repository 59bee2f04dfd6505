# file: enclave/shell_run.c
# software's evidence is shown though the policy takes it no longer
# killed by: test_shell_evidence
s/(self->software \&\& !enclave_core_evidence_software(self->core))/false/
