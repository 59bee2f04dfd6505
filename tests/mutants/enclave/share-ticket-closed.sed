# file: enclave/release.c
# A share is sent for a closed ticket, as far as this file looks.
# killed by: test_enclave_core
/^static enum sr_error share_state/,/^}/{/if (ticket->closed)/,+1d
}
s/SR_TRY(vault_ticket_recheck(self->final->tree, ticket, self->now_ms));//
