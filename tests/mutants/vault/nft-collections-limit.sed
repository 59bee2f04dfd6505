# file: vault/nft.c
# One collection more than there may be.
# killed by: test_vault_nft
s/tx->meta.collections >= VAULT_COLLECTIONS_MAX/tx->meta.collections > VAULT_COLLECTIONS_MAX/
