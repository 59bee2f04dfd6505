# file: vault/facts.c
# ACCOUNT holds for everybody.
# killed by: test_vault_ticket
s/\*holds = vault_account_is(&node->account, f->who);/*holds = true;/
