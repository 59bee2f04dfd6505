# file: consensus/rules.c
# Two NOTAR in a slot.
# killed by: test_consensus_rules
s/if (s == NULL || s->own\.notar)/if (s == NULL)/
s/b != NULL && !s->own\.notar; b = b->next/b != NULL; b = b->next/
