# file: consensus/rules.c
# The trap: a parent at or below the last final slot need not be the last final block.
# killed by: test_consensus_rules
s/if (h->parent_slot <= self->top_slot && !is_last_final(self, h))/if (h->slot == 0 \&\& !is_last_final(self, h))/
