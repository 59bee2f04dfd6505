# file: vault/op.c
# A new secret may come with a version.
# killed by: test_vault_op
s/update ? UINT64_MAX - 1 : 0);/update ? UINT64_MAX - 1 : 1);/
