# file: vault/facts.c
# An heir need not wait for the turn.
# killed by: test_vault_ticket
s/\*holds = passed(f->uptime_ms, w.fired_uptime_ms, delay) &&/*holds = true \&\&/
