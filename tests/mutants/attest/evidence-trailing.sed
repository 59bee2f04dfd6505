# file: attest/evidence_blob.c
# Bytes may be left over behind evidence.
# killed by: test_attest_evidence
/^enum sr_error attest_evidence_read/,/^}/s/sr_reader_finish(\&r) == SR_OK/r.error == SR_OK/
