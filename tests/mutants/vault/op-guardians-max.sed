# file: vault/op.c
# The last guardian of a full list is refused.
# killed by: test_vault_op
s/s->guardians_n = count_read(r, 0, VAULT_GUARDIANS_MAX);/s->guardians_n = count_read(r, 0, VAULT_GUARDIANS_MAX - 1);/
