# file: enclave/checkpoint.c
# All rows wait for the checkpoint.
# killed by: test_enclave_core
/^enum sr_error checkpoint_ahead/,/^}/s/return rows_tell(self);/return SR_OK;/
