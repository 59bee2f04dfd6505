# file: vault/attest.c
# Verdicts with other facts count as equal.
# killed by: test_vault_attest
s/sr_hash32_equal(&v.facts, &votes->like->facts);/true;/
