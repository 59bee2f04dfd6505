# file: attest/evidence.c
# A quote of another TEE than its kind is accepted.
# killed by: test_attest_evidence
/^static enum sr_error dcap_result/,/^}/s/r->tee == tee/true/
