# file: vault/attest.c
# The registry takes one more than it may.
# killed by: test_vault_attest
s/counts->attestations >= VAULT_ATTESTATIONS_MAX/counts->attestations > VAULT_ATTESTATIONS_MAX/
