# file: vault/ticket.c
# Anybody may close a ticket.
# killed by: test_vault_ticket
/^enum sr_error vault_ticket_close/,/^}/s/if (!vault_account_is(&ticket.requester, &tx->op->account))/if (false)/
