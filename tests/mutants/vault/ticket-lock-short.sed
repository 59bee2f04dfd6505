# file: vault/ticket.c
# The lock ends before the ticket does.
# killed by: test_vault_nft
s/nft.open_ticket_until_ms = ticket->expires_ms;/nft.open_ticket_until_ms = ticket->expires_ms - 1;/
