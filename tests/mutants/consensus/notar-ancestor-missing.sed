# file: consensus/rules.c
# NOTAR without the parent's block.
# killed by: test_consensus_rules
/^enum sr_error cons_rule_notar/,/^}/s/return SR_ERR_MISSING_ANCESTOR;/return SR_OK;/
