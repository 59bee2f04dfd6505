# file: vault/proof.c
# A branch's prefix may have bits behind its end.
# killed by: test_vault_proof
s/if (memcmp(cut.b, prefix.b, sizeof cut.b) != 0 || end->shares_below >= bit)/if (end->shares_below >= bit)/
