# file: vault/switch.c
# A heartbeat does not begin a new interval of the wall clock.
# killed by: test_vault_switch
/^static void beat/,/^}/{/w->heartbeat_ms = /d
}
