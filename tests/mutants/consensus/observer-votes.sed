# file: consensus/rules.c
# An observer votes.
# killed by: test_consensus_observer
/^bool cons_may_vote/,/^}/s/if (cons_is_observer(self))/if (self == NULL)/
