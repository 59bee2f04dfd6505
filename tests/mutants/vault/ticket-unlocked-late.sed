# file: vault/ticket.c
# A ticket still locks the NFT at the time it expires.
# killed by: test_vault_nft
s/nft->open_ticket_until_ms <= time_ms)/nft->open_ticket_until_ms < time_ms)/
