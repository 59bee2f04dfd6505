# file: vault/clock.c
# A block may have the time of the one before.
# killed by: test_vault_clock
s/if (block->time_ms <= tx.meta.time_ms)/if (block->time_ms < tx.meta.time_ms)/
