# file: vault/nft.c
# Anybody may transfer an NFT.
# killed by: test_vault_nft
s/^	if (!vault_account_is(&nft->owner, signer) &&$/	if (false \&\&/
