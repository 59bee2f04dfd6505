# file: vault/op.c
# Any version number of an operation is taken.
# killed by: test_vault_op
s/if (sr_read_u8(&r) != VAULT_OP_VERSION)/if (sr_read_u8(\&r) == 0)/
