# file: vault/index.c
# Any key will do for an attested measurement.
# killed by: test_vault_attest
s/{ { key, 32 }, measurement }/{ { key, 0 }, measurement }/
