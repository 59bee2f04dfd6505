# file: vault/clock.c
# Uptime grows while members can not be reached.
# killed by: test_vault_clock
s/^	if (block->ingress_ok)$/	if (true)/
