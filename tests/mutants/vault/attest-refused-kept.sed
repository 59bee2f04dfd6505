# file: vault/attest.c
# What does not verify stays as long as what does.
# killed by: test_vault_attest
s/VAULT_ATTEST_REFUSED_KEEP_MS/VAULT_ATTEST_KEEP_MS/
