# file: vault/tree.c
# The hash of a long value is taken as there before it was made.
# killed by: test_vault_tree
s/{ return t->hashed || !keeps_hash(t); }/{ return t->hashed || is_leaf(t); }/
