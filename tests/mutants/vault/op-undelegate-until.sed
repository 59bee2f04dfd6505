# file: vault/op.c
# Taking a delegate away may carry a date: a second encoding.
# killed by: test_vault_op
s/if (r->error == SR_OK && !b->add && b->until_ms != 0)/if (false)/
