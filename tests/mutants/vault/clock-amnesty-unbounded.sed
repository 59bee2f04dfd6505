# file: vault/clock.c
# Outages hold a short switch back for longer than a tenth of its interval.
# killed by: test_vault_clock
/^uint64_t vault_amnesty_until/,/^}/s/return least(aux->hold_until_uptime_ms,/return most(aux->hold_until_uptime_ms,/
