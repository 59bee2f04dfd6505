# file: enclave/epoch.c
# A key of fewer than a quorum of dealers.
# killed by: test_enclave_epoch_state
s/epoch_set_count(&dealers) >= consensus_quorum(now->n);/epoch_set_count(\&dealers) >= 1;/
