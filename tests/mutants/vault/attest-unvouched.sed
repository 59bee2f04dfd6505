# file: vault/attest.c
# A TPM that nobody vouches for speaks for its measurement.
# killed by: test_vault_attest
s/return a->kind != ATTEST_KIND_TPM || a->vouchers > 0;/return true;/
