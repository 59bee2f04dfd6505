# file: vault/switch.c
# A heartbeat does not begin a new interval of uptime.
# killed by: test_vault_switch
/^static void beat/,/^}/s/w->heartbeat_uptime_ms = .*/(void)tx;/
