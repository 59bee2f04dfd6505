# file: vault/proof.c
# A branch above the key proves that it is absent.
# killed by: test_vault_proof
s/if (memcmp(cut.b, prefix.b, sizeof cut.b) != 0 || end->shares_below >= bit)/if (memcmp(cut.b, prefix.b, sizeof cut.b) != 0)/
