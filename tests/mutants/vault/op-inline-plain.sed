# file: vault/op.c
# An inline payload may claim to hold more than it can.
# killed by: test_vault_op
s/else if (r->error == SR_OK && p->plain_bytes > VAULT_INLINE_BYTES_MAX)/else if (false)/
