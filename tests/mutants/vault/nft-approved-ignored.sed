# file: vault/nft.c
# Who was approved may not transfer.
# killed by: test_vault_nft
s/!(may_be_approved && vault_account_is(&nft->approved, signer)))/true)/
