# file: vault/ticket.c
# Conditions of time are not checked by the own clock.
# killed by: test_vault_ticket
s/^	if (!now.time_conditioned)$/	if (holds)/
