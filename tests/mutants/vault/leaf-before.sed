# file: vault/facts.c
# BEFORE holds at its time.
# killed by: test_vault_ticket
s/\*holds = f->time_ms < vault_add_capped(/*holds = f->time_ms <= vault_add_capped(/
