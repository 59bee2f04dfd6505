# file: vault/get.c
# Anybody may list what an NFT opens.
# killed by: test_vault_get
/^static enum sr_error list_indexed/,/^}/s/if (!vault_account_is(&nft.owner, l->who))/if (false)/
