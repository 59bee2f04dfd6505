# file: vault/op.c
# A secret may be stored without a policy.
# killed by: test_vault_op
s/error = bytes->n == 0 ? SR_ERR_EMPTY :/error = bytes->n == 0 ? SR_OK :/
