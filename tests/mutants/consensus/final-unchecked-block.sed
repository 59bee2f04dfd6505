# file: consensus/rules.c
# FINAL for a block that was not found valid.
# killed by: test_consensus_rules
s/if (block == NULL || block->validity != CONS_VALID)/if (block == NULL)/
s/^	if (error != SR_OK)$/	if (error != SR_OK \&\& error != SR_ERR_BAD_PARENT)/
