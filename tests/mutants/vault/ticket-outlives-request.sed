# file: vault/ticket.c
# A ticket is open for longer than its request is valid.
# killed by: test_vault_ticket
s/tx->op->expiry_ms < latest_ms ? tx->op->expiry_ms : latest_ms/latest_ms/
