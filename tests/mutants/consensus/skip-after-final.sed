# file: consensus/rules.c
# SKIP although I did cast FINAL in the slot.
# killed by: test_consensus_rules
s/^	if (s != NULL && s->own\.final)$/	if (s != NULL \&\& s->own.final \&\& slot == 0)/
