# file: enclave/epoch_keys.c
# A contribution that was not committed to is taken.
# killed by: test_enclave_epoch
s/return sr_hash32_equal(&commitment, &deal->contribution) ? SR_OK : SR_ERR_DEALING_BAD;/return SR_OK;/
