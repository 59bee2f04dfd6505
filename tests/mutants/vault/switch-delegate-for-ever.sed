# file: vault/switch.c
# A delegate may beat after the date.
# killed by: test_vault_switch
s/ && w->delegate_until_ms\[i\] > time_ms//
