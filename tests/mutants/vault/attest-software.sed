# file: vault/attest.c
# Software evidence speaks for a measurement.
# killed by: test_vault_attest
s/ || a->kind == ATTEST_KIND_SOFTWARE)/)/
