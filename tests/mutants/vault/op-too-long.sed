# file: vault/op.c
# An operation may be longer than 96 KiB.
# killed by: test_vault_op
/^enum sr_error vault_op_decode_unhashed/,/^}/s/if (n > SR_OP_MAX)/if (n > SR_OP_MAX + 1)/
