# file: rules.c
# NOTAR without a SKIP certificate for each gap slot.
s/if (!gap_proven(self, h))/if (!gap_proven(self, h) \&\& h->slot == 0)/
