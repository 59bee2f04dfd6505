# file: vault/op.c
# A switch may have an interval below a second.
# killed by: test_vault_op
s/s->interval_ms = range_read(r, VAULT_SPAN_MIN_MS,/s->interval_ms = range_read(r, VAULT_SPAN_MIN_MS - 1,/
