# file: vault/op.c
# A ciphertext may be longer than its limit.
# killed by: test_vault_op
s/(p->cipher_bytes > VAULT_BLOB_CIPHER_MAX ||/(p->cipher_bytes > VAULT_BLOB_CIPHER_MAX + 1 ||/
