# file: vault/record.c
# A switch may be in a state that is none.
# killed by: test_vault_record
s/(v->state < VAULT_SWITCH_ARMED || v->state > VAULT_SWITCH_CANCELLED))/false)/
