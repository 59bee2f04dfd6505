# file: enclave/join.c
# A trail without the pinned epoch is taken.
# killed by: test_enclave_join
s/^	if (j->pinned && !j->pin_met)$/	if (false)/
s/^	return j->pin_met ? SR_OK : SR_ERR_CHECKPOINT_OTHER;/	return SR_OK;/
