# file: vault/op.c
# A policy inside an operation need not be one.
# killed by: test_vault_op
s/error = bytes->n == 0 ? SR_ERR_EMPTY : vault_policy_decode(&policy, \*bytes);/error = bytes->n == 0 ? SR_ERR_EMPTY : SR_OK; (void)policy;/
