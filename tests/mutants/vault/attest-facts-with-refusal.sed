# file: vault/attest.c
# A refusal may carry facts.
# killed by: test_vault_attest
s/return bytes.n == 0 ? SR_OK : SR_ERR_TRAILING_BYTES;/return SR_OK;/
