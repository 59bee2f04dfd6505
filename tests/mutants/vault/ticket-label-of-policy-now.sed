# file: vault/ticket.c
# The label in the ticket is not bound to the owner.
# killed by: test_vault_ticket
s/ticket->label = vault_label(&tx->block->chain_id, &r->secret.id, &r->secret.owner,/ticket->label = vault_label(\&tx->block->chain_id, \&r->secret.id, \&tx->op->account,/
