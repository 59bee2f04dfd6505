# file: enclave/peers.c
# Messages for an epoch after the next are kept.
# killed by: test_enclave_peers
s@if (epoch != self->now->record.epoch + 1 ||@if (@
