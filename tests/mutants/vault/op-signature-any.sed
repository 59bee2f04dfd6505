# file: vault/vault.c
# An Ed25519 signature is not checked.
# killed by: test_vault_receipts
s/^		return sr_verify($/		return SR_OK; (void)sr_verify(/
