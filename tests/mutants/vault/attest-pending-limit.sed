# file: vault/attest.c
# More wait than may.
# killed by: test_vault_attest
s/counts->pending >= VAULT_ATTEST_PENDING_MAX/counts->pending > VAULT_ATTEST_PENDING_MAX/
