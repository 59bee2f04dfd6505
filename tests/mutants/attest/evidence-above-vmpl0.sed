# file: attest/evidence.c
# What runs above VMPL 0 may ask for evidence.
# killed by: test_attest_evidence
/^static enum sr_error tee_tell/,/^}/s/r->snp.vmpl != 0/false/
