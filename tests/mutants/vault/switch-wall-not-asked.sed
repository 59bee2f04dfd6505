# file: vault/switch.c
# Uptime alone makes a switch PENDING or FIRED.
# killed by: test_vault_clock
s/if (tx->block->time_ms < wall)/if (tx->block->time_ms == 0)/
