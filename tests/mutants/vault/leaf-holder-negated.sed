# file: vault/facts.c
# Below NOT a fresh holder counts as none.
# killed by: test_vault_ticket
s/ && (f->negated & bit(index)) == 0)/)/
