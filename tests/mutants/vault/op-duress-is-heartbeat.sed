# file: vault/op.c
# The duress key may be the heartbeat key.
# killed by: test_vault_op
s/if (s->duress.kind != VAULT_ACCOUNT_NONE && vault_account_equal(&s->duress, &s->heartbeat))/if (false)/
