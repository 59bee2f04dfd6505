# file: consensus/rules.c
# FINAL although I did SKIP the slot.
# killed by: test_consensus_rules
s/^	if (s->own\.skip)$/	if (s->own.skip \&\& slot == 0)/
