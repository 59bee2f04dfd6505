# file: vault/switch.c
# A frozen switch goes on to FIRED.
# killed by: test_vault_switch
s/ && w->state != VAULT_SWITCH_FROZEN &&$/ \&\&/
s/^	SR_ASSERT(!frozen || to != VAULT_SWITCH_FIRED);$//
s/frozen && to != VAULT_SWITCH_CANCELLED ? VAULT_SWITCH_FROZEN/frozen \&\& to != VAULT_SWITCH_CANCELLED \&\& to != VAULT_SWITCH_FIRED ? VAULT_SWITCH_FROZEN/
