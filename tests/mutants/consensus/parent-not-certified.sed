# file: rules.c
# NOTAR on a parent without a certificate.
s/if (!cons_tree_certified(self, parent))/if (!cons_tree_certified(self, parent) \&\& h->slot == 0)/
