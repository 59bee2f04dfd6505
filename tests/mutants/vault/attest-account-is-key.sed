# file: vault/ticket.c
# The account that asks is taken for the key that reads.
# killed by: test_vault_attest
s/f->to = &r->body->to;/f->to = (const void *)tx->op->account.b;/
