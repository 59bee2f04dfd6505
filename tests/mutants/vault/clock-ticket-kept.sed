# file: vault/clock.c
# An old ticket stays in the state for ever.
# killed by: test_vault_ticket
/case VAULT_DEADLINE_TICKET:/,/return/s/VAULT_REC_TICKET/VAULT_REC_RECEIPT/
