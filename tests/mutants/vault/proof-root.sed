# file: vault/proof.c
# A proof of another root is believed.
# killed by: test_vault_proof
s/if (!sr_hash32_equal(&hash, root))/if (false)/
