# file: vault/ticket.c
# A share is sent though the policy no longer holds on the final state.
# killed by: test_vault_ticket
/^	f.uptime_ms = meta.uptime_ms;/,/^	if (!now.time/s/if (!holds)/if (false)/
