# file: consensus/wire.c
# A header may name a parent in its own slot.
# killed by: test_consensus_wire
s/if (h->parent_slot >= h->slot || h->author >= SR_MEMBERS_MAX)/if (h->parent_slot > h->slot || h->author >= SR_MEMBERS_MAX)/
