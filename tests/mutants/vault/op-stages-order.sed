# file: vault/op.c
# Two stages may come at the same time.
# killed by: test_vault_op
s/if (s->stage_delay_ms\[i\] <= s->stage_delay_ms\[i - 1\])/if (s->stage_delay_ms[i] < s->stage_delay_ms[i - 1])/
