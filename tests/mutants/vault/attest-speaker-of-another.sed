# file: vault/attest.c
# A record that goes takes a later one along.
# killed by: test_vault_attest
s/memcmp(value.p, a->id.b, sizeof a->id.b) != 0)/value.p == NULL)/
