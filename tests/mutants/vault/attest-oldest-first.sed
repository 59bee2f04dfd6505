# file: vault/index.c
# The registry is listed oldest first.
# killed by: test_vault_attest
s/vault_put_be64(b, UINT64_MAX - number);/vault_put_be64(b, number);/
