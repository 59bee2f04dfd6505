# file: consensus/propose.c
# A rolled-back node proposes in a slot it must leave alone.
# killed by: test_consensus_recover
s/slot < self->floor || slot > self->top_slot + CONS_AHEAD)/slot > self->top_slot + CONS_AHEAD)/
