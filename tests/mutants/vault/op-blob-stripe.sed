# file: vault/op.c
# A stripe may be longer than its limit.
# killed by: test_vault_op
s/count_read(r, 1, VAULT_STRIPE_BYTES_MAX)/count_read(r, 1, VAULT_STRIPE_BYTES_MAX + 1)/
