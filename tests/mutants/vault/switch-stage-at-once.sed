# file: vault/switch.c
# A stage does not wait for its delay.
# killed by: test_vault_clock
s/vault_add_capped(w->fired_uptime_ms, w->settings.stage_delay_ms\[w->stage\])/w->fired_uptime_ms/
