# file: enclave/executor.c
# A block may carry an operation that leaves no trace.
# killed by: test_enclave_executor
s/if (vault_code_is_traceless((enum sr_error)receipt.code))/if (false)/
