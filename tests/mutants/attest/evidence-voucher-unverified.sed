# file: attest/evidence.c
# A provisioner's signature is not looked at.
# killed by: test_attest_evidence
/^static enum sr_error vouchers_verify/,/^}/s/SR_TRY(attest_voucher_verify(\(.*\)));/(void)!attest_voucher_verify(\1);/
