# file: enclave/join.c
# A joiner takes any rows for the state.
# killed by: test_enclave_join
s/return sr_hash32_equal(&have, &j->root) ? SR_OK : SR_ERR_SNAPSHOT_BAD;/return SR_OK;/
