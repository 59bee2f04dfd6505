# file: vault/op.c
# The last warning comes at 80 %.
# killed by: test_vault_switch
s|s->warn_ms\[2\] = s->interval_ms / 10 \* 9 + .*|s->warn_ms[2] = s->interval_ms / 10 * 8;|
