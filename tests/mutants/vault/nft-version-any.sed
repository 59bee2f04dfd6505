# file: vault/nft.c
# An operation made for an older version of the NFT is taken.
# killed by: test_vault_nft
s/return nft->version == version ? SR_OK : SR_ERR_NFT_VERSION;/(void)version; return SR_OK;/
