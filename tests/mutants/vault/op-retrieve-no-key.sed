# file: vault/op.c
# A secret may be asked for with no key to send it to.
# killed by: test_vault_op
s/if (r->error == SR_OK && all_zero(b->to.b, sizeof b->to.b))/if (false)/
