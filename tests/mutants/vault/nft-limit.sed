# file: vault/nft.c
# One NFT more than there may be.
# killed by: test_vault_nft
s/tx->meta.nfts >= VAULT_NFTS_MAX/tx->meta.nfts > VAULT_NFTS_MAX/
