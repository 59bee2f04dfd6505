# file: consensus/rules.c
# SKIP is cast again and again in one slot.
# killed by: test_consensus_rules
/^enum sr_error cons_rule_skip/,/^}/s/if (s != NULL && s->own.skip)/if (false)/
