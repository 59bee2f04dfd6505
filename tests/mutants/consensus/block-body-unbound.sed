# file: consensus/tree.c
# A block's body need not be the one that its header names.
# killed by: test_consensus_rules
s/return sr_hash32_equal(&root, &header->ops_root) ? SR_OK : SR_ERR_BAD_HASH;/(void)root; return SR_OK;/
