# file: consensus/rules.c
# SKIP in a slot that is not the frontier.
# killed by: test_consensus_rules
s/if (slot != self->frontier)/if (false)/
