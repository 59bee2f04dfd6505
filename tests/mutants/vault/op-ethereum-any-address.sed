# file: vault/vault.c
# Any Ethereum key may sign for any address.
# killed by: test_any_ethereum_op
s/return memcmp(address, op->account.b, sizeof address) == 0 ? SR_OK : SR_ERR_BAD_SIGNATURE;/return SR_OK;/
