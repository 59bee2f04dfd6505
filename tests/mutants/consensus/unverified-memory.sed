# file: consensus/tree.c
# Blocks that nobody checked may fill the memory.
# killed by: test_consensus_rules
s/while (self->unverified_bytes + block->body_n > CONS_UNVERIFIED_BYTES)/while (false)/
