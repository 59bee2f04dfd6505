# file: vault/ticket.c
# An open ticket does not lock the NFT.
# killed by: test_vault_ticket
s/nft.open_ticket = ticket->id;//
