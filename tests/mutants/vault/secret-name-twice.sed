# file: vault/secret.c
# An owner may have two secrets of one name.
# killed by: test_vault_secret
s/if (vault_tree_get(tx->t, &key).p != NULL)/if (false)/
