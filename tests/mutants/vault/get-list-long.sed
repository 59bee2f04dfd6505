# file: vault/get.c
# A list may have one entry more than the limit.
# killed by: test_vault_get
s/l->n == VAULT_LIST_MAX ||/l->n == VAULT_LIST_MAX + 1 ||/
