# file: attest/evidence.c
# Any provisioner counts.
# killed by: test_attest_evidence
/^static bool trusted/,/^}/s/return false/return true/
