# file: consensus/rules.c
# NOTAR in a slot that is decided already.
# killed by: test_consensus_rules
s/if (h->slot < self->frontier)/if (h->slot == 0)/
