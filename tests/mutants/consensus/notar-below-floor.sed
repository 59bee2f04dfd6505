# file: consensus/rules.c
# NOTAR in a slot that the rolled-back node must leave alone.
# killed by: test_consensus_recover
/^enum sr_error cons_rule_notar/,/^}/s/if (h->slot < self->floor)/if (false)/
