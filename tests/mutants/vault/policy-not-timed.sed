# file: vault/facts.c
# What waits for a switch is not checked by the own clock.
# killed by: test_vault_ticket
s/		    kind == VAULT_POLICY_SWITCH || kind == VAULT_POLICY_HEIR ||/		    kind == VAULT_POLICY_HEIR ||/
