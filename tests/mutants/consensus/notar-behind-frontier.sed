# file: rules.c
# NOTAR in a slot that is decided already.
s/if (h->slot < self->frontier)/if (h->slot == 0)/
