# file: vault/facts.c
# HELD_FOR holds at once.
# killed by: test_vault_ticket
s/    && passed(f->time_ms, nft.held_since_ms, span_ms);/    ;/
