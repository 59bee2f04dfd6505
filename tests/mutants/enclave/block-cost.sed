# file: enclave/executor.c
# A block may cost any time to execute.
# killed by: test_enclave_executor
s/if (r->ops_n >= CORE_BLOCK_OPS_MAX || cost > r->budget_us)/if (r->ops_n >= CORE_BLOCK_OPS_MAX)/
