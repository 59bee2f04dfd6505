# file: vault/clock.c
# A short outage ends the amnesty of a long one.
# killed by: test_vault_clock
s/aux->hold_until_uptime_ms = most(aux->hold_until_uptime_ms, back_ms);/aux->hold_until_uptime_ms = back_ms;/
