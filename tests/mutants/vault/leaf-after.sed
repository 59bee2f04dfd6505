# file: vault/facts.c
# AFTER holds before its time.
# killed by: test_vault_ticket
s/\*holds = f->time_ms >= node->number;/*holds = f->time_ms + 1 >= node->number;/
