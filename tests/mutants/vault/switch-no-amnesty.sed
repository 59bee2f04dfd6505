# file: vault/switch.c
# An outage earns no amnesty.
# killed by: test_vault_clock
s/uint64_t until = vault_amnesty_until(aux, w->settings.interval_ms);/uint64_t until = 0; (void)aux;/
