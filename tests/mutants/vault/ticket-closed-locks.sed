# file: vault/ticket.c
# A closed ticket still locks the NFT.
# killed by: test_vault_ticket
s/(error == SR_OK && ticket.closed))/false)/
