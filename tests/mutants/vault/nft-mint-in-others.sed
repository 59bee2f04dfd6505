# file: vault/nft.c
# Anybody may mint in a collection.
# killed by: test_vault_nft
s/if (b->collection_id != 0 && !vault_account_is(&collection.owner, &tx->op->account))/if (false)/
