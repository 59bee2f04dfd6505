# file: vault/op.c
# A RETRIEVE without an NFT may name a version of one: a second encoding.
# killed by: test_vault_op
s/if (r->error == SR_OK && b->nft_id == 0 && b->nft_version != 0)/if (false)/
