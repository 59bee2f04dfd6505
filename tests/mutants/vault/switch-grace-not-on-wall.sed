# file: vault/switch.c
# FIRED does not wait for the grace period of the wall clock.
# killed by: test_vault_clock
s/held_back(w, tx, aux, s->interval_ms + s->grace_ms)/held_back(w, tx, aux, s->interval_ms)/
