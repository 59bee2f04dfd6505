# file: attest/evidence_blob.c
# Vouchers may come in any order.
# killed by: test_attest_evidence
/^static void tpm_read/,/^}/s/if (i > 0 \&\&/if (false \&\&/
