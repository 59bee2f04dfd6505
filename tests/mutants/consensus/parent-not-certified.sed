# file: consensus/rules.c
# NOTAR on a parent without a certificate.
# killed by: test_consensus_rules
s/if (!cons_tree_certified(self, parent))/if (!cons_tree_certified(self, parent) \&\& h->slot == 0)/
