# file: vault/ticket.c
# A share is sent for a secret that is past its expiry by the own clock.
# killed by: test_vault_secret
s/own_time_ms > meta.time_ms ? own_time_ms : meta.time_ms)/meta.time_ms)/
