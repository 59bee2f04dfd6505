# file: vault/op.c
# Heirs need not be in the order of their turns.
# killed by: test_vault_op
s/if (s->heir_delay_ms\[i\] < s->heir_delay_ms\[i - 1\])/if (false)/
