# file: vault/record.c
# An event may be of a kind that is none.
# killed by: test_vault_record
s/v->kind > VAULT_EVENT_RESHARED/false/
