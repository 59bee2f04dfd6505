# file: vault/facts.c
# HOLDER holds for everybody.
# killed by: test_vault_ticket
/^static enum sr_error holder_leaf/,/^}/s/\*holds = vault_account_is(&nft.owner, f->who);/*holds = true;/
