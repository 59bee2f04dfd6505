# file: vault/get.c
# Anybody may read a ticket.
# killed by: test_vault_get
s/if (!vault_account_is(&ticket.requester, who) && .*/if (false)/
