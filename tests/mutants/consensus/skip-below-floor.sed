# file: consensus/rules.c
# SKIP in a slot that the rolled-back node must leave alone.
# killed by: test_consensus_recover
/^enum sr_error cons_rule_skip/,/^}/s/if (slot < self->floor)/if (false)/
