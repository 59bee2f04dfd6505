# file: vault/ticket.c
# The own clock is only compared with dates, not with switches.
# killed by: test_vault_ticket
s/^	f.own_clock = true;$//
