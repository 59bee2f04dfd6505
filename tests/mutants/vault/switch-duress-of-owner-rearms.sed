# file: vault/switch.c
# DURESS signed by the owner is a heartbeat.
# killed by: test_vault_switch
s/if (forced || (duress .*/if (forced)/
