# file: vault/proof.c
# An empty tree proves that a key is absent from any.
# killed by: test_vault_proof
s/^		end->shares_below = 0;$/		end->shares_below = 256;/
