# file: vault/facts.c
# AFTER does not hold at its time.
# killed by: test_vault_ticket
s/\*holds = f->time_ms >= node->number;/*holds = f->time_ms > node->number;/
