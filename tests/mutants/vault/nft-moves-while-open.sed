# file: vault/nft.c
# An NFT may be transferred while its ticket is open.
# killed by: test_vault_ticket
s/SR_TRY(vault_nft_unlocked(tx->t, nft, tx->block->time_ms, NULL));//
