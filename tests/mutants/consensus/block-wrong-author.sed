# file: consensus/tree.c
# Anybody may propose in a slot.
# killed by: test_consensus_sync
/^enum sr_error cons_block_form/,/^}/s/header->author != cons_author(self, header->slot))/false)/
