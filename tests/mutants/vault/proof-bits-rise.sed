# file: vault/proof.c
# A path may name its bits in any order.
# killed by: test_vault_proof
s/^		if (bit >= below)$/		if (false)/
