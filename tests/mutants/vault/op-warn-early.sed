# file: vault/op.c
# The second warning comes with the first.
# killed by: test_vault_switch
s|s->warn_ms\[1\] = .*|s->warn_ms[1] = s->interval_ms / 2;|
