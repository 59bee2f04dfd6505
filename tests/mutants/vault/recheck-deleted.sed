# file: vault/ticket.c
# A share is sent for a secret that was deleted meanwhile.
# killed by: test_vault_secret
/^enum sr_error vault_ticket_recheck/,/^}/s/SR_TRY(secret_alive(.*//
