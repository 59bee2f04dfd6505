# file: consensus/rules.c
# FINAL in a slot that the rolled-back node must leave alone.
# killed by: test_consensus_recover
/^enum sr_error cons_rule_final/,/^}/s/if (slot < self->floor)/if (false)/
