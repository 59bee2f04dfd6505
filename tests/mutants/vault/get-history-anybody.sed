# file: vault/get.c
# Anybody who may see a secret reads its history.
# killed by: test_vault_get
s/^	if (owner_only)$/	if (false)/
