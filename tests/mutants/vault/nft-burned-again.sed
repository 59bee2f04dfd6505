# file: vault/nft.c
# A burned NFT is found.
# killed by: test_vault_nft
s/if (nft->owner.kind == VAULT_ACCOUNT_NONE)/if (false)/
