# file: vault/audit.c
# Refusals stay in the state for ever.
# killed by: test_vault_receipts
s/return kind == VAULT_EVENT_HEARTBEAT || kind == VAULT_EVENT_REFUSED ||/return kind == VAULT_EVENT_HEARTBEAT ||/
