# file: attest/evidence.c
# The report data of a TPM's quote are lost.
# killed by: test_attest_evidence
/^static void report_data_tell/,/^}/s/quote->nonce_n/0/
