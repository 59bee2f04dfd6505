# file: vault/clock.c
# A block runs one deadline fewer than it may.
# killed by: test_vault_clock
s/due->most = VAULT_DEADLINES_PER_BLOCK;/due->most = VAULT_DEADLINES_PER_BLOCK - 1;/
