# file: consensus/wire.c
# A header may name the 101st member.
# killed by: test_consensus_wire
s/if (h->parent_slot >= h->slot || h->author >= SR_MEMBERS_MAX)/if (h->parent_slot >= h->slot || h->author > SR_MEMBERS_MAX)/
