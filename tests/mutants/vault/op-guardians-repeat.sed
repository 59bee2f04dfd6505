# file: vault/op.c
# A guardian or heir may be named twice.
# killed by: test_vault_op
s/if (accounts_repeat(s->guardians, s->guardians_n) || .*/if (false)/
