# file: consensus/rules.c
# Two FINAL in a slot.
# killed by: test_consensus_rules
/^enum sr_error cons_rule_final/,/^}/s/if (s->own.final)/if (false)/
