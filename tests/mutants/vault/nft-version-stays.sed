# file: vault/nft.c
# A transfer does not begin a new version.
# killed by: test_vault_nft
s/^	nft->version++;$//
