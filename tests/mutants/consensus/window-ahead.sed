# file: consensus/tree.c
# The window of slots is one slot longer.
# killed by: test_consensus_rules
s/if (slot > self->top_slot + CONS_AHEAD)/if (slot > self->top_slot + CONS_AHEAD + 1)/
