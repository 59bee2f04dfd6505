# file: enclave/executor.c
# A block need not name the state root that is mine.
# killed by: test_enclave_executor
/^enum sr_error exec_check/,/^}/s/if (!sr_hash32_equal(&root, &h->pre_state_root))/if (false)/
