# file: vault/nft.c
# The new holder inherits the time of holding.
# killed by: test_vault_ticket
/^static enum sr_error nft_leave/,/^}/s/nft->held_since_ms = tx->block->time_ms;//
