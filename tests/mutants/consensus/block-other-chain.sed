# file: consensus/tree.c
# A block of another chain is taken.
# killed by: test_consensus_rules
/^enum sr_error cons_block_form/,/^}/s/if (!sr_hash32_equal(&header->chain_id, &self->config.chain_id))/if (false)/
