# file: vault/facts.c
# An attestation that has ended is not noticed by the own clock.
# killed by: test_vault_attest
s/ || kind == VAULT_POLICY_ATTESTED)/)/
