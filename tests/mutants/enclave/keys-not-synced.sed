# file: enclave/checkpoint.c
# Keys are written but not made durable.
# killed by: test_enclave_epoch
s/error = log_push(self, plain, n, true);/error = log_push(self, plain, n, false);/
