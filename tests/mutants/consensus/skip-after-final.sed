# file: rules.c
# SKIP although I did cast FINAL in the slot.
s/^	if (s != NULL && s->own\.final)$/	if (s != NULL \&\& s->own.final \&\& slot == 0)/
