# file: enclave/checkpoint.c
# Good records after a bad one are taken.
# killed by: test_enclave_core
s/^	if (self->log_bad)$/	if (false)/
