# file: enclave/epoch.c
# A key of fewer than a quorum of dealers.
# killed by: test_enclave_epoch_state
s/return change->fixed && epoch_set_count(&dealers) >= epoch_dealers_min(change, now);/return change->fixed \&\& epoch_set_count(\&dealers) >= 1;/
