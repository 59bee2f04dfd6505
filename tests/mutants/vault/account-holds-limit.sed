# file: vault/accounts.c
# An account may hold one thing more than its limit.
# killed by: test_vault_nft
s/if (\*count >= most)/if (*count > most)/
