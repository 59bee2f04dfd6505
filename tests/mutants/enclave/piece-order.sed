# file: enclave/pieces.c
# A piece that one version leaves to another is dropped.
# killed by: test_enclave_pieces
s/vault_tree_diff(c.before, after, come_visit, &c);/vault_tree_diff(c.before, after, go_visit_first, \&c);/
s/vault_tree_diff(c.before, after, go_visit, &c);/vault_tree_diff(c.before, after, come_visit, \&c);/
s/go_visit_first/go_visit/
