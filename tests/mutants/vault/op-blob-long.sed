# file: vault/op.c
# A payload may be longer than 1 GiB.
# killed by: test_vault_op
s/(p->cipher_bytes > VAULT_BLOB_CIPHER_MAX || p->plain_bytes > VAULT_BLOB_PLAIN_MAX)/(p->cipher_bytes > VAULT_BLOB_CIPHER_MAX || p->plain_bytes > VAULT_BLOB_PLAIN_MAX + 1)/
