# file: vault/get.c
# Whom the policy named still sees a deleted secret.
# killed by: test_vault_get
s/if (\*visible || who->kind == VAULT_ACCOUNT_NONE || secret->deleted)/if (*visible || who->kind == VAULT_ACCOUNT_NONE)/
