# file: vault/switch.c
# A pause may be as long as one likes.
# killed by: test_vault_switch
s/ || b->until_ms - now_ms > VAULT_PAUSE_MAX_MS//
