# file: vault/switch.c
# Anybody may send the heartbeat.
# killed by: test_vault_switch
s/if (!forced && !may_beat(.*/if (false)/
