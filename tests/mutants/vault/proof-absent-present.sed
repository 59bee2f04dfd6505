# file: vault/proof.c
# The leaf of the key itself proves that it is absent.
# killed by: test_vault_proof
s/if (end->shares_below == 256) .*/if (false)/
