# file: vault/audit.c
# What was said of evidence stays an event for ever.
# killed by: test_vault_attest
s/kind == VAULT_EVENT_ATTESTED || kind == VAULT_EVENT_NOT_ATTESTED;/false;/
