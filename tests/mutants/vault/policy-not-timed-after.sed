# file: vault/facts.c
# What waits for a date is not checked by the own clock.
# killed by: test_vault_ticket
s/if (kind == VAULT_POLICY_AFTER || /if (/
