# file: consensus/tree.c
# A block after CLOSE may carry operations.
# killed by: test_consensus_rules
s/return !parent->closing || (block->body_n == 0 && !(h->flags & CONSENSUS_CLOSE));/return true;/
