# file: vault/attest.c
# An attestation counts before its collateral does.
# killed by: test_vault_attest
s/return time_ms >= a->valid_from_ms && /return /
