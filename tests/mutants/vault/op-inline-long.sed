# file: vault/op.c
# An inline payload may be longer than its limit.
# killed by: test_vault_op
s/sr_read_blob(r, VAULT_INLINE_BYTES_MAX)/sr_read_blob(r, VAULT_INLINE_BYTES_MAX + 1)/
