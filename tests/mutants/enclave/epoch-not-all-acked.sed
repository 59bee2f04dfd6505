# file: enclave/epoch.c
# An epoch is closed before every member proved its share.
# killed by: test_enclave_epoch
s/if (epoch_set_count(&change.acked) < change.n || /if (epoch_set_count(\&change.acked) + 1 < change.n || /
