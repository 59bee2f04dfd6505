# file: vault/vault.c
# A refused operation leaves behind what it did first.
# killed by: test_vault_secret
s/^		tx->t = start;$/		(void)start; start = vault_tree_ref(tx->t);/
s/^		start = half_done;$/		vault_tree_unref(half_done);/
