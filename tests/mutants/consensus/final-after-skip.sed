# file: rules.c
# FINAL although I did SKIP the slot.
s/^	if (s->own\.skip)$/	if (s->own.skip \&\& slot == 0)/
