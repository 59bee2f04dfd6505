# file: enclave/executor.c
# Who builds a block tries everything that is pooled.
# killed by: test_enclave_executor
s/ || cost > r->effort_us)/)/
