# file: vault/switch.c
# One guardian may confirm twice.
# killed by: test_vault_switch
s/if ((w.confirmed >> i & 1) != 0)/if (false)/
