# file: vault/switch.c
# A warning given stays given after a heartbeat.
# killed by: test_vault_switch
/^static void beat/,/^}/{/w->warn_level = 0/d
}
