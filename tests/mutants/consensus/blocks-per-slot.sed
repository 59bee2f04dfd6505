# file: consensus/tree.c
# A slot may hold any number of blocks.
# killed by: test_consensus_rules
s/if (s->blocks_n >= CONS_SLOT_BLOCKS && !block->committed)/if (false)/
