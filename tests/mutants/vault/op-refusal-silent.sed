# file: vault/vault.c
# Who was refused a secret leaves no event.
# killed by: test_vault_ticket
s/^	if (!tx->refusal_watched)$/	if (tx != NULL)/
