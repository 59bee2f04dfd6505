# file: consensus/tree.c
# A block's height need not be its parent's plus one.
# killed by: test_consensus_rules
s/if (h->height != parent->height + 1)/if (false)/
