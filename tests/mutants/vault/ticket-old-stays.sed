# file: vault/ticket.c
# A repeated request leaves the ticket before it open.
# killed by: test_vault_ticket
s/open.closed = true;/open.closed = false;/
