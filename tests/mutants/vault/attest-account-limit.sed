# file: vault/attest.c
# An account has more waiting than it may.
# killed by: test_vault_attest
s/ < VAULT_ATTEST_ACCOUNT_MAX/ <= VAULT_ATTEST_ACCOUNT_MAX/
