# file: enclave/shell_cert.c
# genuine evidence is taken whatever it says
# killed by: test_shell_channel test_shell_roster
/^static enum sr_error extension_verify/,/^}/s/err = enclave_core_evidence_judge(core, seat, facts, report_data, now_ms);/err = memcmp(report_data, facts->report_data, 1) == 512 ? SR_ERR_BINDING : SR_OK;/
