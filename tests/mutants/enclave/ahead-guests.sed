# file: enclave/peers.c
# Of who only follows this epoch messages for the next one are kept.
# killed by: test_enclave_peers
/^static void ahead_keep/,/^}/s/seats_peer(self->now, from) >= self->now->record.n)/seats_peer(self->now, from) == EPOCH_NOBODY)/
