# file: vault/facts.c
# Anybody is an heir.
# killed by: test_vault_ticket
s/if (vault_account_is(&w.settings.heirs\[i\], f->who))/if (true)/
