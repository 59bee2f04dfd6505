# file: enclave/release.c
# The policy is not asked again when the share is sent.
# killed by: test_enclave_core
s/SR_TRY(vault_ticket_recheck(self->final->tree, ticket, self->now_ms));//
