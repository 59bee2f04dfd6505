# file: vault/facts.c
# HELD_FOR holds for who does not hold.
# killed by: test_vault_ticket
/^static enum sr_error held_for_leaf/,/^}/s/\*holds = vault_account_is(&nft.owner, f->who)/*holds = true/
