# file: vault/ticket.c
# A share is sent after the ticket expired by the time of the chain.
# killed by: test_vault_ticket
s/if (own_time_ms >= now.expires_ms || meta.time_ms >= now.expires_ms)/if (own_time_ms >= now.expires_ms)/
