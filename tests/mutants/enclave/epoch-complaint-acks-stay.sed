# file: enclave/epoch_ops.c
# After a complaint old acknowledgements still count.
# killed by: test_enclave_roster_change
s/^	memset(&change->acked, 0, sizeof(change->acked));$//
