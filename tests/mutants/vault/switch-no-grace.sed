# file: vault/switch.c
# The grace period is counted from the last heartbeat, not from PENDING.
# killed by: test_vault_clock
s/w->pending_uptime_ms = tx->meta.uptime_ms;/w->pending_uptime_ms = w->heartbeat_uptime_ms;/
