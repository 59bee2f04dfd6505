# file: consensus/tree.c
# The first block may claim ingress that nobody signed.
# killed by: test_consensus_rules
s/if (header->parent_slot == 0 && (header->flags & CONSENSUS_INGRESS_OK))/if (false)/
