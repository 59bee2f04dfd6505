# file: vault/switch.c
# A pause may end before it begins.
# killed by: test_vault_switch
s/if (b->until_ms <= now_ms || /if (b->until_ms > now_ms \&\& /
