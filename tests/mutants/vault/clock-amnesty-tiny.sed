# file: vault/clock.c
# Amnesty has no least length.
# killed by: test_vault_clock
s/back_ms = most(aux->stalled_ms, VAULT_AMNESTY_MIN_MS);/back_ms = aux->stalled_ms;/
