# file: vault/nft.c
# An approval outlives the transfer.
# killed by: test_vault_nft
s/^	nft->approved = nft->owner;$//
