# file: vault/clock.c
# A block adds its whole gap to the uptime, not at most 3 s.
# killed by: test_vault_clock
s/least(dt_ms, VAULT_UPTIME_STEP_MAX_MS)/dt_ms/
