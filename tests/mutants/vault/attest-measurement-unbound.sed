# file: vault/index.c
# Any measurement will do for an attested key.
# killed by: test_vault_attest
s/{ { key, 32 }, measurement }/{ { key, 32 }, { measurement.p, 0 } }/
