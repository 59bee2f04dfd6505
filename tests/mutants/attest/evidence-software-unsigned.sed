# file: attest/evidence.c
# Software evidence need not be signed.
# killed by: test_attest_evidence
/^static enum sr_error software_verify/,/^}/s/SR_TRY(attest_software_verify(\(.*\)));/(void)!attest_software_verify(\1);/
