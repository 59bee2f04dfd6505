# file: vault/hold.c
# The owner is told in every epoch who left.
# killed by: test_enclave_hold
s/(k->hold.round != 0 \&\& next_find(&k->hold, seat) == VAULT_HOLDERS_MAX)/false/
