# file: vault/vault.c
# No receipt is kept.
# killed by: test_vault_receipts
s/return vault_receipt_store(tx, tx->receipt);/return SR_OK;/
