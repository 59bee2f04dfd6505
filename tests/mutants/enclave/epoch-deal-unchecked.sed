# file: enclave/epoch.c
# Commitments of a dealing are not checked.
# killed by: test_enclave_epoch
s/SR_TRY(shamir_commitments_check(&deal->c, change->threshold, SHAMIR_DEAL_FRESH, NULL));//
