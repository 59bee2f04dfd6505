# file: vault/op.c
# An inline payload may be empty.
# killed by: test_vault_op
s/p->inline_bytes.n == 0)/false)/
