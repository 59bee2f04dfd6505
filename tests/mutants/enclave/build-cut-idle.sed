# file: enclave/executor.c
# What was left untried makes no block.
# killed by: test_enclave_executor
s/body->n > 0 || cut)/body->n > 0)/
