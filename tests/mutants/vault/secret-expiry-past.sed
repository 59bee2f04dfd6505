# file: vault/secret.c
# A secret may be stored that has expired.
# killed by: test_vault_secret
s/expiry_ms > tx->block->time_ms ? SR_OK/true ? SR_OK/
