# file: enclave/executor.c
# A block may cost any time to execute.
# killed by: test_enclave_executor
s@cost > r->budget_us || @@
