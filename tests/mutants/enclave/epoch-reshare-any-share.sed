# file: enclave/epoch_ops.c
# A dealing of anything but the dealer's share is taken.
# killed by: test_enclave_roster_change
s/return shamir_commitments_check(&deal->c, change->threshold, SHAMIR_DEAL_RESHARE, &share);/return shamir_commitments_check(\&deal->c, change->threshold, SHAMIR_DEAL_FRESH, NULL);/
