# file: vault/proof.c
# A proof may be longer than its limit.
# killed by: test_vault_proof
s/if (n > VAULT_PROOF_MAX)/if (n > VAULT_PROOF_MAX + 1)/
