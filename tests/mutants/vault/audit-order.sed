# file: vault/audit.c
# Two events have one number.
# killed by: test_vault_get
s/e->seq = ++tx->meta.events;/e->seq = tx->meta.events;/
