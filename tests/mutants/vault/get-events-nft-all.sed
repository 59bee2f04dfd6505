# file: vault/get.c
# Anybody sees all that happened to an NFT.
# killed by: test_vault_get
s/l->own_events_only = !vault_account_is(&nft.owner, l->who);/l->own_events_only = false;/
