# file: vault/tree.c
# What a draft has deleted is still read from it.
# killed by: test_vault_tree
s/return changed->gone ? NULL : changed;/return changed->gone ? find_below(child_of(t, BASE), key) : changed;/
