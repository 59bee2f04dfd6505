# file: vault/record.c
# A switch may have one delegate more than fits.
# killed by: test_vault_record
s/v->delegates_n = number_read(r, VAULT_DELEGATES_MAX);/v->delegates_n = number_read(r, VAULT_DELEGATES_MAX - 1);/
